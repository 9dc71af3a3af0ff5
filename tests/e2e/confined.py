"""`python -m tests.e2e.confined UNIT COMMAND...`: runs a command under the SystemCallFilter of a unit.

systemd applies it as PID 1; here libseccomp does, with the sets of calls that systemd-analyze knows.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pyseccomp


def main() -> None:
    unit, command = Path(sys.argv[1]), sys.argv[2:]
    confine(allowed_by(unit))
    os.execv(command[0], command)


def allowed_by(unit: Path) -> set[str]:
    """What the SystemCallFilter lines of a unit leave, one after the other, as systemd reads them."""
    lines = [line.partition("=")[2] for line in unit.read_text().splitlines()]
    keys = [line.partition("=")[0] for line in unit.read_text().splitlines()]
    allowed: set[str] = set()
    for key, value in zip(keys, lines, strict=True):
        if key == "SystemCallFilter":
            calls = {call for name in value.lstrip("~").split() for call in _calls(name)}
            allowed = allowed - calls if value.startswith("~") else allowed | calls
    return allowed


def confine(allowed: set[str]) -> None:
    """From now on every other call fails with EPERM, in all that this process becomes and starts."""
    rules = pyseccomp.SyscallFilter(defaction=pyseccomp.ERRNO(1))
    for name in sorted(allowed):
        try:
            rules.add_rule(pyseccomp.ALLOW, name)
        except (OSError, RuntimeError, ValueError):  # of another architecture
            continue
    rules.load()


@cache
def _calls(name: str) -> frozenset[str]:
    """A set such as @system-service, down to the calls in it."""
    if not name.startswith("@"):
        return frozenset({name})
    command = ["systemd-analyze", "syscall-filter", name]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return frozenset(_members(text))


def _members(text: str) -> Iterator[str]:
    for line in text.splitlines()[1:]:
        member = line.strip()
        if member and not member.startswith("#"):
            yield from _calls(member)


if __name__ == "__main__":
    main()
