"""Which processes are ours, on disk: so that the next start ends what a `kill -9` left behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from local_stack.probes import wait_until

_GRACE_SECONDS: Final = 10.0


class PidFile:
    """Pids with their start times: a process that has got the same pid since is never ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mine: dict[str, tuple[int, str]] = {}

    def add(self, name: str, pid: int) -> None:
        self._mine[name] = (pid, started_at(pid) or "")
        self._write()

    def remove(self, name: str) -> None:
        if self._mine.pop(name, None):
            self._write()

    def end_leftovers(self) -> list[str]:
        """End what an earlier owner of this file left running. Returns the names."""
        left = {
            name: (pid, start)
            for name, (pid, start) in self._read().items()
            if start and started_at(pid) == start
        }
        for pid, _start in left.values():
            _signal_group(pid, signal.SIGTERM)
        wait_until(lambda: not _alive(left), _GRACE_SECONDS)
        for pid, _start in _alive(left).values():
            _signal_group(pid, signal.SIGKILL)
        wait_until(lambda: not _alive(left), _GRACE_SECONDS)
        self._path.unlink(missing_ok=True)
        return sorted(left)

    def _read(self) -> dict[str, tuple[int, str]]:
        try:
            entries = json.loads(self._path.read_text())
            return {name: (int(pid), str(start)) for name, (pid, start) in entries.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}  # no file, or one that a crash cut off

    def _write(self) -> None:
        draft = self._path.with_suffix(".new")
        with contextlib.suppress(OSError):  # a full disk must not keep us from ending a process
            draft.write_text(json.dumps(self._mine, indent=2) + "\n")
            draft.replace(self._path)


def started_at(pid: int) -> str | None:
    """When the process started, as the system words it; None if it has ended or is a zombie."""
    if sys.platform == "linux":
        return _started_at_linux(pid)
    command = ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    return " ".join(answer[1:]) if answer and not answer[0].startswith("Z") else None


def _started_at_linux(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    # proc(5): the name, in brackets, may hold anything. The state follows it; the start time is
    # field 22.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"{boot} {fields[19]}"


def _alive(processes: dict[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    return {name: entry for name, entry in processes.items() if started_at(entry[0]) == entry[1]}


def _signal_group(pid: int, number: signal.Signals) -> None:
    """Each of our processes leads a group of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
