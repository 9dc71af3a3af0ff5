"""`python -m tests.postman`, or `make postman`: the Postman collection against a system of its own.

What is written behind the command goes to newman: `python -m tests.postman --folder "Quick start"`.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Final, Never

import jwt
from dotenv import dotenv_values

from local_stack.greeting import say
from local_stack.pid_file import PidFile
from local_stack.probes import LOCALHOST, free_port, http_get, wait_until
from local_stack.processes import Process, StackError
from local_stack.programs import ROOT, clean_environment
from tests.postman import newman
from tests.support import npm
from tests.support.client import PASSWORD, Client

_START_SECONDS: Final = 120.0
_STOP_SECONDS: Final = 60.0  # more than server.py takes for itself
_LOG_LINES: Final = 40
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Empty is missing: whatever a developer's .env says, this system starts servers of its own.
_NOT_CONFIGURED: Final = dict.fromkeys(
    ("MONGO_URI", "REDIS_HOST", "REDIS_PORT", "REDIS_URI", "SQS_QUEUE_URL", "SQS_URL", "AWS_ENDPOINT_URL"), ""
)
_DEFAULTS: Final = {"RATELIMIT_ENABLED": "true", "FULFILMENT": "services.fulfilment:do_nothing"}


def main(arguments: list[str]) -> int:
    """Returns newman's exit code."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, _interrupt)
    try:
        npm.install()
        with TemporaryDirectory(prefix="postman-", ignore_cleanup_errors=True) as directory:
            code = _run_collection(Path(directory), arguments)
    except KeyboardInterrupt:
        say("The Postman collection was interrupted.")
        return 130
    except StackError as error:
        say(f"The Postman collection did not run: {error}")
        return error.exit_code
    say(f"The Postman collection {'passed' if code == 0 else f'FAILED (exit code {code})'}.")
    return code


def _run_collection(directory: Path, arguments: list[str]) -> int:
    port = free_port()
    with _system(directory, port):
        base = f"http://{LOCALHOST}:{port}"
        settings = _published(directory)
        admin = _admin(base, settings)
        variables = {
            "baseUrl": base,
            "adminEmail": admin.email,
            "adminPassword": PASSWORD,
            "expiredToken": _expired_token(admin.user_id, settings["JWT_SECRET"]),
        }
        code = newman.run(variables, arguments)
        if code:
            say(f"\nThe last lines of the system's log:\n{_tail(directory)}")
        return code


@contextmanager
def _system(directory: Path, port: int) -> Iterator[None]:
    """`python server.py`, as a user starts it. It is ended by its pid, whatever happens."""
    command = [sys.executable, str(ROOT / "server.py")]
    where = {"PORT": str(port), "LOCAL_DIR": str(directory / "local")}
    environment = clean_environment({**_NOT_CONFIGURED, **_DEFAULTS, **where})
    pids = PidFile(directory / "pids.json")
    process = Process("server.py", command, pids, environment=environment, log=_log(directory))
    say(f"Starting python server.py on port {port} ...")
    try:
        process.start()
        _await_ready(process, directory, port)
        yield
    finally:
        for number in _SIGNALS:  # a second Ctrl-C must not leave anything behind
            signal.signal(number, signal.SIG_IGN)
        say("Stopping it ...")
        process.stop(_STOP_SECONDS)


def _await_ready(process: Process, directory: Path, port: int) -> None:
    """It is ready once /readyz says so and the settings for `flask ...` are there."""

    def check() -> None:
        if not process.running:
            raise StackError(f"python server.py ended at its start:\n{_tail(directory)}")

    def is_ready() -> bool:
        return http_get(port, "/readyz")[0] == HTTPStatus.OK and "JWT_SECRET" in _published(directory)

    if not wait_until(is_ready, _START_SECONDS, check):
        raise StackError(f"python server.py was not ready in {_START_SECONDS:.0f} s:\n{_tail(directory)}")


def _published(directory: Path) -> dict[str, str]:
    """What server.py says about its servers, for commands in a second terminal. Nothing until it is ready."""
    found = dotenv_values(directory / "local" / "stack.env")
    return {name: value for name, value in found.items() if value}


def _admin(base: str, settings: dict[str, str]) -> Client:
    client = Client(base).register()
    command = [sys.executable, "-m", "flask", "users", "promote", client.email]
    environment = clean_environment(settings)
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        raise StackError("flask users promote failed; see its message above.")
    return client


def _expired_token(user_id: str, secret: str) -> str:
    """A token as the Node app made it, an hour too old."""
    now = int(time.time())
    return jwt.encode({"userId": user_id, "iat": now - 7200, "exp": now - 3600}, secret, "HS256")


def _log(directory: Path) -> Path:
    return directory / "server.log"


def _tail(directory: Path) -> str:
    text = _log(directory).read_text(errors="replace") if _log(directory).exists() else ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-_LOG_LINES:])


def _interrupt(_number: int, _frame: FrameType | None) -> Never:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
