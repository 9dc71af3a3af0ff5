"""The API and the worker for tests: quick where production is slow, and equal in all else."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from local_stack import programs
from local_stack.processes import Process

# Faster than in production, and equal in all else.
QUICK = {
    "BCRYPT_COST": "4",
    "RATELIMIT_ENABLED": "false",
    "SWEEP_SECONDS": "0.5",
    "SQS_WAIT_SECONDS": "1",
    "LOG_FORMAT": "json",
    "HOST": "127.0.0.1",
}


def running_api(
    settings: Mapping[str, str], log: Path, application: str = "wsgi:app", **overrides: str
) -> AbstractContextManager[tuple[str, Process]]:
    """The API under gunicorn: its address and its process."""
    return programs.running_api({**settings, **QUICK, **overrides}, log, application)


def running_worker(
    settings: Mapping[str, str], log: Path, **overrides: str
) -> AbstractContextManager[Process]:
    """A worker that is ready."""
    return programs.running_worker({**settings, **QUICK, **overrides}, log)
