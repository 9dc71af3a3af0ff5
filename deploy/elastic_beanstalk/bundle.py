"""Writes the bundle of an environment: `python -m deploy.elastic_beanstalk.bundle web`, or `worker`.

Beanstalk wants Procfile, .ebextensions and .platform at the root of the bundle.
"""

import argparse
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy import program

ENVIRONMENTS: Final = ("web", "worker")
_REQUIREMENTS: Final = ("requirements.txt", "constraints.txt")


def contents(environment: str) -> Iterator[program.File]:
    """Each file, and its name in the bundle."""
    yield from program.files_below(Path(__file__).with_name(environment))
    yield from ((program.ROOT / name, name) for name in _REQUIREMENTS)
    yield from program.files()


def write(environment: str, to: Path) -> Path:
    """The bundle, as a zip."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path, name in contents(environment):
            bundle.write(path, name)
    return to


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.elastic_beanstalk.bundle")
    parser.add_argument("environment", choices=ENVIRONMENTS)
    parser.add_argument("file", nargs="?", type=Path, help="orders-ENVIRONMENT.zip by default")
    given = parser.parse_args()
    print(f"Wrote {write(given.environment, given.file or Path(f'orders-{given.environment}.zip'))}.")


if __name__ == "__main__":
    main()
