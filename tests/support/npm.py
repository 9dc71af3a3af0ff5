"""What only npm has: newman, linters of the OpenAPI document, vercel; packages of a folder with a lock."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

from local_stack.greeting import say
from local_stack.processes import StackError
from local_stack.programs import ROOT

FOLDER: Final = ROOT / "node_modules"
# Installed together: npm takes away what an earlier installation brought and this one does not name.
_VERSIONS: Final = {
    "newman": "6.2.2",
    "@redocly/cli": "2.77.0",
    "@stoplight/spectral-cli": "6.16.3",
    "axe-core": "4.10.3",
    "vercel": "58.10.0",
}


def install() -> None:
    """Install them unless they are there. Raises StackError."""
    node, npm = program("node"), program("npm")
    if _installed() == _VERSIONS:
        return
    packages = [f"{name}@{version}" for name, version in _VERSIONS.items()]
    say(f"Installing {', '.join(packages)} into node_modules; this is done once ...")
    quiet = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    command = [npm, "install", *packages, "--prefix", str(ROOT), *quiet]
    if subprocess.run(command, cwd=ROOT, check=False).returncode or _installed() != _VERSIONS:
        raise StackError(f"npm could not install them; see its message above. Node: {node}")


def install_locked(folder: Path) -> None:
    """Install what the folder's package-lock.json says, unless it is there. Raises StackError."""
    lock, stamp = folder / "package-lock.json", folder / "node_modules" / ".installed"
    if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
        return
    say(f"Installing the packages of {folder.relative_to(ROOT)}; this is done once ...")
    command = [program("npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    if subprocess.run(command, cwd=folder, check=False).returncode:
        raise StackError("npm could not install them; see its message above.")
    stamp.write_bytes(lock.read_bytes())


def program(name: str) -> str:
    """The path of a program. Raises StackError when it is not there."""
    found = shutil.which(name)
    if found is None:
        raise StackError(f"{name} was not found: this needs Node.js, with npm.")
    return found


def _installed() -> dict[str, str | None]:
    """Name and version of each. npm writes this file last: an installation that broke off has none."""
    lock = FOLDER / ".package-lock.json"
    packages: dict[str, Any] = json.loads(lock.read_text())["packages"] if lock.exists() else {}
    return {name: packages.get(f"node_modules/{name}", {}).get("version") for name in _VERSIONS}
