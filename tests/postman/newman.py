"""newman, Postman's own runner for terminals: installed into node_modules once, then run."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, Final

from local_stack.greeting import say
from local_stack.probes import LOCALHOST
from local_stack.processes import StackError
from tests.support.system import ROOT

VERSION: Final = "6.2.2"
COLLECTION: Final = ROOT / "postman_collection.json"
ENVIRONMENT: Final = ROOT / "postman" / "local.postman_environment.json"

_FOLDER: Final = ROOT / "node_modules"
_SCRIPT_MILLISECONDS: Final = 120_000
_RUN_MILLISECONDS: Final = 900_000


def install() -> None:
    """Install newman unless it is there. Raises StackError."""
    node, npm = _program("node"), _program("npm")
    if _installed_version() == VERSION:
        return
    say(f"Installing newman {VERSION} into node_modules; this is done once ...")
    quiet = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    command = [npm, "install", f"newman@{VERSION}", "--prefix", str(ROOT), *quiet]
    if subprocess.run(command, cwd=ROOT, check=False).returncode or _installed_version() != VERSION:
        raise StackError(f"npm could not install newman {VERSION}; see its message above. Node: {node}")


def run(variables: Mapping[str, str], more: Sequence[str] = ()) -> int:
    """Run the collection with these variables. `more` goes to newman as it is. Returns newman's exit code."""
    limits = ["--timeout", str(_RUN_MILLISECONDS), "--timeout-script", str(_SCRIPT_MILLISECONDS)]
    pairs = [word for name, value in variables.items() for word in ("--env-var", f"{name}={value}")]
    files = [str(COLLECTION), "--environment", str(ENVIRONMENT)]
    program = [_program("node"), str(_FOLDER / "newman" / "bin" / "newman.js"), "run"]
    command = [*program, *files, *pairs, "--reporters", "cli", *limits, *more]
    # A company's proxy knows nothing of the system on this machine.
    environment = {**os.environ, "NO_PROXY": LOCALHOST, "no_proxy": LOCALHOST}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _installed_version() -> str | None:
    """npm writes this file last: an installation that broke off has none."""
    lock = _FOLDER / ".package-lock.json"
    if not lock.exists():
        return None
    packages: dict[str, Any] = json.loads(lock.read_text())["packages"]
    version: str | None = packages.get("node_modules/newman", {}).get("version")
    return version


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise StackError(f"{name} was not found: newman, which runs the Postman collection, needs Node.js.")
    return found
