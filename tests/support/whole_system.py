"""Everything at once, as a user starts it: `python server.py` in a folder of a test's own."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

from local_stack.pid_file import PidFile
from local_stack.probes import free_port, http_get, wait_until
from local_stack.processes import Process, StackError
from local_stack.programs import ROOT, clean_environment

_START_SECONDS: Final = 120.0
_STOP_SECONDS: Final = 60.0  # more than server.py takes for itself
_LOG_LINES: Final = 40
# Empty is missing: whatever a developer's .env says, this system starts servers of its own.
_NOT_CONFIGURED: Final = dict.fromkeys(
    ("MONGO_URI", "REDIS_HOST", "REDIS_PORT", "REDIS_URI", "SQS_QUEUE_URL", "SQS_URL", "AWS_ENDPOINT_URL"), ""
)
_DEFAULTS: Final = {"RATELIMIT_ENABLED": "true", "FULFILMENT": "services.fulfilment:do_nothing"}


class WholeSystem:
    def __init__(self, directory: Path, changes: Mapping[str, str]) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._directory = directory
        self._log = directory / "server.log"
        where = {"PORT": str(self.port), "LOCAL_DIR": str(directory / "local")}
        self._process = Process(
            "server.py",
            [sys.executable, str(ROOT / "server.py")],
            PidFile(directory / "pids.json"),
            environment=clean_environment({**_NOT_CONFIGURED, **_DEFAULTS, **changes, **where}),
            log=self._log,
        )

    def start(self) -> None:
        """It is ready once /readyz says so and the settings for `flask ...` are there."""
        self._process.start()
        if not wait_until(self._is_ready, _START_SECONDS, self._check):
            raise StackError(f"python server.py was not ready in {_START_SECONDS:.0f} s:\n{self.tail()}")

    def stop(self) -> None:
        self._process.stop(_STOP_SECONDS)

    def settings(self) -> dict[str, str]:
        """What it says about its servers, for commands in a second terminal. Nothing until it is ready."""
        found = dotenv_values(self._directory / "local" / "stack.env")
        return {name: value for name, value in found.items() if value}

    def tail(self) -> str:
        """The last lines of its log."""
        text = self._log.read_text(errors="replace") if self._log.exists() else ""
        return "\n".join(f"    {line}" for line in text.splitlines()[-_LOG_LINES:])

    def _is_ready(self) -> bool:
        return http_get(self.port, "/readyz")[0] == HTTPStatus.OK and "JWT_SECRET" in self.settings()

    def _check(self) -> None:
        if not self._process.running:
            raise StackError(f"python server.py ended at its start:\n{self.tail()}")


@contextmanager
def running_system(directory: Path, **changes: str) -> Iterator[WholeSystem]:
    """It is ended by its pid, whatever happens. `changes` are settings."""
    system = WholeSystem(directory, changes)
    try:
        system.start()
        yield system
    finally:
        system.stop()
