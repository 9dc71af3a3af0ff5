"""One child process: start it, watch it, end it. By its pid, never by a name."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final, Self

from local_stack.pid_file import PidFile
from local_stack.probes import wait_until

_TETHER: Final = Path(__file__).with_name("tether.py")


class StackError(RuntimeError):
    """What the developer must know; the text says what to do. `exit_code` is for the shell."""

    def __init__(self, text: str, exit_code: int = 1) -> None:
        super().__init__(text)
        self.exit_code = exit_code


class Process:
    """A child in a session of its own, so that Ctrl-C in the terminal reaches only us."""

    def __init__(  # noqa: PLR0913 - all but two have a default
        self,
        name: str,
        command: Sequence[str],
        pids: PidFile | None = None,
        *,
        environment: Mapping[str, str],
        log: Path | None = None,
        home: Path | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        """`pids` keeps its process id while it runs, `log` takes its output, `home` is its working directory;
        without these nothing keeps it, and output and directory are ours. `pass_fds` stay open in it."""
        self.name, self.command, self.environment = name, command, environment
        self.exit_code: int | None = None
        self._pids, self._log, self._home, self._pass_fds = pids, log, home, pass_fds
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        if self._child is None:
            return False
        self.exit_code = self._child.poll()
        return self.exit_code is None

    @property
    def pid(self) -> int:
        if self._child is None:
            raise StackError(f"{self.name} is not running.")
        return self._child.pid

    def start(self) -> Self:
        """Start it; nothing if it runs."""
        if self.running:
            return self
        self.kill()
        with contextlib.ExitStack() as files:
            output = files.enter_context(self._log.open("ab")) if self._log else None
            self._child = self._spawn(output)
        if self._pids:
            self._pids.add(self.name, self._child.pid)
        return self

    def _spawn(self, output: IO[bytes] | None) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [*_tether(), *self.command],
                env=dict(self.environment),
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
                pass_fds=self._pass_fds,
            )
        except OSError as error:
            hint = "Are the packages of requirements-local.txt installed? `make run` does that."
            raise StackError(f"{self.name} could not be started: {error}. {hint}") from error

    def stop(self, grace: float) -> int | None:
        """SIGTERM, and SIGKILL after `grace` seconds. Returns its exit code."""
        stop_together([self], grace)
        return self.exit_code

    def wait(self, seconds: float) -> int:
        """Wait for it to end by itself. Returns its exit code; subprocess.TimeoutExpired when it does not."""
        if self._child is None:
            raise StackError(f"{self.name} is not running.")
        self.exit_code = self._child.wait(seconds)
        return self.exit_code

    def output(self) -> str:
        """What it has written so far, if it has a log of its own."""
        return self._log.read_text(errors="replace") if self._log else ""

    def kill(self) -> None:
        """End it at once, and whatever it started."""
        if self._child is None:
            return
        self.send_to_group(signal.SIGKILL)
        self.exit_code = self._child.wait()
        self._child = None
        if self._pids:
            self._pids.remove(self.name)

    def send(self, number: signal.Signals) -> None:
        if self.running and self._child:
            self._child.send_signal(number)

    def send_to_group(self, number: signal.Signals) -> None:
        # It leads its group. macOS answers EPERM for a group of zombies.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def stop_together(
    processes: Sequence[Process], grace: float, hurried: Callable[[], bool] = lambda: False
) -> None:
    """SIGTERM to all; SIGKILL to what is left after `grace` seconds, or as soon as `hurried`."""
    for process in processes:
        process.send(signal.SIGTERM)
        process.send(signal.SIGCONT)  # a stopped process does not hear the first
    wait_until(lambda: hurried() or not any(process.running for process in processes), grace)
    for process in processes:
        process.kill()


def _tether() -> list[str]:
    # The kernel's death signal follows the thread that started the child, not the process.
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return []
    return [sys.executable, "-I", "-S", str(_TETHER), str(os.getpid())]
