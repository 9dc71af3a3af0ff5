"""What production consists of, for bundles: named here, so that nothing comes along that merely lies in the
checkout. No tests, no .env, no data of the local stack."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]

_FILES: Final = (".flaskenv", "gunicorn.conf.py", "LICENSE", "server.py", "wsgi.py")
_FOLDERS: Final = (
    *("commands", "config", "controllers", "middleware", "models", "openapi"),
    *("routes", "services", "templates", "utils", "workers"),
)

File = tuple[Path, str]


def files() -> Iterator[File]:
    """Each file of the program, and its name in a bundle."""
    packed = [ROOT / name for name in _FILES]
    packed += sorted(path for name in _FOLDERS for path in (ROOT / name).rglob("*") if _is_ours(path))
    for path in packed:
        yield path, path.relative_to(ROOT).as_posix()


def files_below(folder: Path) -> Iterator[File]:
    """Each file of a folder whose content belongs to the root of a bundle."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield path, path.relative_to(folder).as_posix()


def _is_ours(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
