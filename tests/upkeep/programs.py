"""Programs of requirements-dev.txt, run as a person runs them."""

import subprocess
import sys
from pathlib import Path

from local_stack.programs import ROOT


def run(name: str, *arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Its exit code and what it printed."""
    program = str(Path(sys.executable).with_name(name))
    return subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False)
