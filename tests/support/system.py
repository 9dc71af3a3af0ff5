"""A whole system for tests: the local stack's servers, the API under gunicorn, a worker, on free ports."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM

import requests

from local_stack.probes import free_port
from tests.support.waiting import wait_for

ROOT = Path(__file__).parent.parent.parent

# Faster than in production, and equal in all else.
QUICK = {
    "BCRYPT_COST": "4",
    "RATELIMIT_ENABLED": "false",
    "SWEEP_SECONDS": "0.5",
    "SQS_WAIT_SECONDS": "1",
    "LOG_FORMAT": "json",
    "HOST": "127.0.0.1",
}


class Child:
    """A process of the application, with its output in a file."""

    def __init__(
        self, arguments: list[str], environment: Mapping[str, str], log: Path, home: Path = ROOT
    ) -> None:
        """`home` is where the project's files are."""
        self.arguments, self.environment, self.log, self.home = arguments, dict(environment), log, home
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Child":
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *self.arguments],
                cwd=self.home,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """As kill -9, with all its children."""
        self._signal(SIGKILL)

    def stop(self) -> int:
        """SIGTERM, and wait for a graceful end. Returns the exit code."""
        self._signal(SIGTERM)
        assert self.process is not None
        return self.process.wait(60)

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def _signal(self, number: int) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            if number == SIGKILL:
                os.killpg(self.pid, number)
            else:
                self.process.send_signal(number)
        if number == SIGKILL:
            self.process.wait(30)


def clean_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The machine's environment without anybody's settings, then these."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1", **settings}


@contextmanager
def running_api(
    settings: Mapping[str, str], log: Path, application: str = "wsgi:app", **overrides: str
) -> Iterator[tuple[str, Child]]:
    """The API under gunicorn: its address and its process."""
    port = str(free_port())
    own = {"PORT": port, "TMPDIR": str(log.parent)}
    environment = clean_environment({**settings, **QUICK, **overrides, **own})
    child = Child(["-m", "gunicorn", application], environment, log).start()
    base = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: answers(base, child), "the API to start")
        yield base, child
    finally:
        child.kill()


@contextmanager
def running_worker(settings: Mapping[str, str], log: Path, **overrides: str) -> Iterator[Child]:
    """A worker. It is ready once it says so in its log."""
    environment = clean_environment({**settings, **QUICK, **overrides})
    child = Child(["-m", "workers.order_worker"], environment, log).start()
    try:
        wait_for(lambda: "worker_started" in child.output() or not child.running, "the worker to start")
        assert child.running, child.output()
        yield child
    finally:
        child.kill()


def answers(base: str, child: Child) -> bool:
    assert child.running, child.output()
    try:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(base + "/livez", timeout=5).status_code == 200
    except (requests.ConnectionError, requests.Timeout):
        return False
