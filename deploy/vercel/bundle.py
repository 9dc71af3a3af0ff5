"""Writes the folder that `vercel deploy` takes: `python -m deploy.vercel.bundle FOLDER`.

Vercel packs all that lies in its folder into the function; a .vercelignore or excludeFiles in the checkout
kept the tests out of no build of ours. So the folder holds the program and nothing else.
"""

import argparse
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy import program

_OWN: Final = Path(__file__).with_name("root")
_LOCK: Final = program.ROOT / "deploy" / "containers" / "requirements.lock"


def contents() -> Iterator[program.File]:
    """Each file, and its name in the folder."""
    yield from program.files_below(_OWN)
    yield _LOCK, _LOCK.name
    yield from program.files()


def write(to: Path) -> None:
    """Write the folder, or write it anew. What else is in it stays: .vercel says which project it is."""
    found = list(contents())
    for first in {name.partition("/")[0] for _, name in found}:
        if (to / first).is_dir():
            shutil.rmtree(to / first)
    for path, name in found:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to / name)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.vercel.bundle")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("orders-vercel"))
    folder = parser.parse_args().folder
    write(folder)
    print(f"Wrote {folder}. Next: cd {folder} && vercel deploy")


if __name__ == "__main__":
    main()
