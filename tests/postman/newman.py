"""newman, Postman's own runner for terminals."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

from local_stack.probes import LOCALHOST
from local_stack.programs import ROOT
from tests.support.npm import FOLDER, program

COLLECTION: Final = ROOT / "postman_collection.json"
ENVIRONMENT: Final = ROOT / "examples" / "postman" / "local.postman_environment.json"

_SCRIPT_MILLISECONDS: Final = 120_000
_RUN_MILLISECONDS: Final = 900_000


def run(variables: Mapping[str, str], more: Sequence[str] = ()) -> int:
    """Run the collection with these variables. `more` goes to newman as it is. Returns newman's exit code."""
    limits = ["--timeout", str(_RUN_MILLISECONDS), "--timeout-script", str(_SCRIPT_MILLISECONDS)]
    pairs = [word for name, value in variables.items() for word in ("--env-var", f"{name}={value}")]
    files = [str(COLLECTION), "--environment", str(ENVIRONMENT)]
    newman = [program("node"), str(FOLDER / "newman" / "bin" / "newman.js"), "run"]
    command = [*newman, *files, *pairs, "--reporters", "cli", *limits, *more]
    # A company's proxy knows nothing of the system on this machine.
    environment = {**os.environ, "NO_PROXY": LOCALHOST, "no_proxy": LOCALHOST}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
