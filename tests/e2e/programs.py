"""Programs that no Python package brings. In CI they are installed when they are missing."""

import os
import shutil
import subprocess


def install_if_missing(program: str, package: str) -> None:
    """`package` is Debian's. Where it cannot be installed, AssertionError says so: no test is skipped."""
    if shutil.which(program):
        return
    assert shutil.which("apt-get") and os.geteuid() == 0, (
        f"Install {program} (Debian: apt-get install {package}): tests cannot run without it."
    )
    subprocess.run(["apt-get", "update"], check=True)
    subprocess.run(["apt-get", "install", "-y", package], check=True)
