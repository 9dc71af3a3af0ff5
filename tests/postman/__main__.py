"""`python -m tests.postman`, or `make postman`: the Postman collection against a system of its own.

What is written behind the command goes to newman: `python -m tests.postman --folder "Quick start"`.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Final, Never

import jwt

from local_stack.greeting import say
from local_stack.processes import StackError
from local_stack.programs import ROOT, clean_environment
from tests.postman import newman
from tests.support import npm
from tests.support.client import PASSWORD, Client
from tests.support.whole_system import WholeSystem

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
    with _system(directory) as system:
        settings = system.settings()
        admin = _admin(system.base, settings)
        variables = {
            "baseUrl": system.base,
            "adminEmail": admin.email,
            "adminPassword": PASSWORD,
            "killApi": "false",  # newman counts a refused connection as a failure, whoever expects it
            "expiredToken": _expired_token(admin.user_id, settings["JWT_SECRET"]),
        }
        code = newman.run(variables, arguments)
        if code:
            say(f"\nThe last lines of the system's log:\n{system.tail()}")
        return code


@contextmanager
def _system(directory: Path) -> Iterator[WholeSystem]:
    """Its end is not to be interrupted: a second Ctrl-C must not leave anything behind."""
    system = WholeSystem(directory, {})
    say(f"Starting python server.py on port {system.port} ...")
    try:
        system.start()
        yield system
    finally:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        say("Stopping it ...")
        system.stop()


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


def _interrupt(_number: int, _frame: FrameType | None) -> Never:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
