"""Starts the API and the worker of this project as processes, for tests and benchmarks."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from local_stack.probes import free_port, http_get, wait_until
from local_stack.processes import Process, StackError

ROOT: Final = Path(__file__).parent.parent
_START_SECONDS: Final = 60.0


def clean_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The machine's environment without the settings of the person who is at it, then these."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1", **settings}


def python(arguments: list[str], environment: Mapping[str, str], log: Path, home: Path = ROOT) -> Process:
    """A Python program of this project, not yet started; `home` is where the project's files are."""
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, *arguments]
    return Process(" ".join(arguments), command, environment=environment, log=log, home=home)


@contextmanager
def running_api(
    settings: Mapping[str, str], log: Path, application: str = "wsgi:app"
) -> Iterator[tuple[str, Process]]:
    """The API under gunicorn: its address and its process."""
    port = free_port()
    own = {"PORT": str(port), "TMPDIR": str(log.parent)}
    environment = clean_environment({"HOST": "127.0.0.1", **settings, **own})
    process = python(["-m", "gunicorn", application], environment, log).start()
    try:
        _await(process, lambda: is_alive(port))
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()


@contextmanager
def running_worker(settings: Mapping[str, str], log: Path) -> Iterator[Process]:
    """A worker. It is ready once it says so in its log."""
    process = python(["-m", "workers.order_worker"], clean_environment(settings), log).start()
    try:
        _await(process, lambda: "worker_started" in process.output())
        yield process
    finally:
        process.kill()


def is_alive(port: int) -> bool:
    """Whether an API answers there."""
    return http_get(port, "/livez")[0] == 200


def _await(process: Process, is_ready: Callable[[], bool]) -> None:
    def check() -> None:
        if not process.running:
            raise StackError(f"{process.name} ended with {process.exit_code}:\n{process.output()}")

    if not wait_until(is_ready, _START_SECONDS, check):
        raise StackError(f"{process.name} is not ready after {_START_SECONDS:.0f} s:\n{process.output()}")
