"""A server of the local stack: how it is started, asked whether it is ready, and set up.

All listen on 127.0.0.1 only. They get a small environment of their own, so that what the developer
has set for other work (AWS_*, LOCALSTACK_*, DOCKER_HOST, SMTP_HOST) changes nothing.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import ClassVar, Final

from local_stack.pid_file import PidFile
from local_stack.probes import nothing, wait_until
from local_stack.processes import Process, StackError

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0
_LOG_LINES: Final = 15


class Server(ABC):
    """One server on one port, with its data in a folder of `directory`."""

    name: ClassVar[str]
    title: ClassVar[str]
    folder: ClassVar[str] = ""  # of its data, where that is not its name

    def __init__(
        self,
        directory: Path,
        port: int,
        pids: PidFile,
        configured: Mapping[str, str],
        check: Callable[[], None] = nothing,
    ) -> None:
        """`check` is called while waiting, and may raise to give up."""
        self.port = port
        self.data = directory / (self.folder or self.name)
        self.log = directory / "logs" / f"{self.name}.log"
        self.configured = configured
        self._check = check
        self.process = Process(self.name, self.command(), pids, environment=self._environment(), log=self.log)

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments. StackError when this machine has no such program."""

    @abstractmethod
    def is_ready(self) -> bool: ...

    @abstractmethod
    def settings(self) -> dict[str, str]:
        """What the application must know to use it. Valid once it is ready."""

    def environment(self) -> dict[str, str]:
        return {}

    def prepare(self) -> None:
        """Make what must be on disk before it starts."""
        self.data.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Start it on its port with its data, and wait until it is ready."""
        self.launch()
        self.await_ready()

    def launch(self) -> None:
        self.prepare()
        self.process.start()

    def await_ready(self) -> None:
        if not wait_until(self.is_ready, _START_SECONDS, self._check_start):
            self.process.kill()
            raise self._failed(f"did not answer within {_START_SECONDS:.0f} s")

    def stop(self) -> None:
        """End it in good order. Its data stays, and `start` takes the same port."""
        self.process.stop(_STOP_SECONDS)

    def kill(self) -> None:
        """As `kill -9`."""
        self.process.kill()

    def pause(self) -> None:
        """Let it hang: connections are accepted, nothing answers. `resume` ends that."""
        self.process.send_to_group(SIGSTOP)

    def resume(self) -> None:
        self.process.send_to_group(SIGCONT)

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {**kept, "PYTHONUNBUFFERED": "1", **self.environment()}

    def _check_start(self) -> None:
        self._check()
        if not self.process.running:
            raise self._failed("ended at its start")

    def _failed(self, how: str) -> StackError:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        lines = "\n".join(f"    {line}" for line in text.splitlines()[-_LOG_LINES:])
        return StackError(f"{self.title} {how}. The last lines of {self.log}:\n{lines}")
