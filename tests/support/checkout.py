"""The project's files in a folder of a test's own, with a `.env` beside them or without."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local_stack.programs import ROOT


def copy_checkout(to: Path) -> Path:
    """The files of the project as they are here, and nothing that lies beside them. Returns the folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    return to


def write_settings(file: Path, settings: Mapping[str, str]) -> None:
    """As an editor does: the file is there in whole, before and after."""
    new = file.with_name(f"{file.name}.new")
    new.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    new.replace(file)
