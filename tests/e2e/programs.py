"""Programs that no Python package brings. In CI they are installed when they are missing."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path


def install_if_missing(program: str, package: str) -> None:
    """`package` is Debian's. Where it cannot be installed, AssertionError says so: no test is skipped."""
    if shutil.which(program):
        return
    with (Path(tempfile.gettempdir()) / "install_if_missing.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run beside each other, and apt-get does not wait
        if not shutil.which(program):
            _install(program, package)


def _install(program: str, package: str) -> None:
    assert shutil.which("apt-get") and os.geteuid() == 0, (
        f"Install {program} (Debian: apt-get install {package}): tests cannot run without it."
    )
    subprocess.run(["apt-get", "update"], check=True)
    subprocess.run(["apt-get", "install", "-y", package], check=True)
