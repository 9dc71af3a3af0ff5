"""Writes the bundle of an environment: `python -m deploy.elastic_beanstalk.bundle web`, or `worker`.

Beanstalk wants Procfile, .ebextensions and .platform at the root of the bundle. What is packed is named here,
so nothing that merely lies in the checkout comes along: no tests, no .env, no data of the local stack.
"""

import argparse
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
ENVIRONMENTS: Final = ("web", "worker")

_FILES: Final = (
    *(".flaskenv", "constraints.txt", "gunicorn.conf.py", "LICENSE", "requirements.txt"),
    *("server.py", "wsgi.py"),
)
_FOLDERS: Final = (
    *("commands", "config", "controllers", "middleware", "models", "openapi"),
    *("routes", "services", "templates", "utils", "workers"),
)


def contents(environment: str) -> Iterator[tuple[Path, str]]:
    """Each file, and its name in the bundle."""
    own = Path(__file__).with_name(environment)
    for path in sorted(path for path in own.rglob("*") if path.is_file()):
        yield path, path.relative_to(own).as_posix()
    packed = [ROOT / name for name in _FILES]
    packed += sorted(path for name in _FOLDERS for path in (ROOT / name).rglob("*") if _is_ours(path))
    for path in packed:
        yield path, path.relative_to(ROOT).as_posix()


def write(environment: str, to: Path) -> Path:
    """The bundle, as a zip."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path, name in contents(environment):
            bundle.write(path, name)
    return to


def _is_ours(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.elastic_beanstalk.bundle")
    parser.add_argument("environment", choices=ENVIRONMENTS)
    parser.add_argument("file", nargs="?", type=Path, help="orders-ENVIRONMENT.zip by default")
    given = parser.parse_args()
    print(f"Wrote {write(given.environment, given.file or Path(f'orders-{given.environment}.zip'))}.")


if __name__ == "__main__":
    main()
