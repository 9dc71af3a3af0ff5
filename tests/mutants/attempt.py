"""Try the tests on the mutant that Cosmic Ray has put into this clone. Exits 0 when none of them failed.

Those most likely to notice come first: see chosen.py. The first failure ends it, and so does the time that
one mutant gets: what survives that long is looked at by a person.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Final
from urllib.parse import urlsplit

import pytest
import redis
import requests
from dotenv import dotenv_values
from pymongo import MongoClient

from local_stack.aws import Aws
from local_stack.pid_file import PidFile
from tests.mutants.chosen import files_for

_SECONDS_TO_END: Final = 40  # for a test that hangs, on top


class Watch:
    """A pytest plugin: it stops the tests when the time is over, and keeps which one failed first."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds
        self._session: pytest.Session | None = None
        self.time_is_over = False
        self.failed: str | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._session = session

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.failed is None:
            self.failed = report.nodeid

    def pytest_runtest_logfinish(self) -> None:
        if self._session and self.failed is None and time.monotonic() > self._ends_at:
            self.time_is_over = True
            self._session.shouldstop = "the time for one mutant is over"


def main() -> int:
    kills = Path(os.environ["MUTANTS_KILLS"])
    module = mutated_module()
    if not module:
        sys.exit("Nothing is changed in this clone: there is no mutant to try.")
    make_servers_as_new(Path(os.environ["TEST_STACK"]))
    seconds = int(os.environ["MUTANTS_SECONDS"])
    watch = Watch(seconds)
    _end_in_good_order(seconds + _SECONDS_TO_END)
    result = pytest.main(["-x", *files_for(module, kills_of(kills, module))], plugins=[watch])
    if watch.time_is_over and watch.failed is None:
        print("TIME IS OVER")
        return 0
    if watch.failed:
        with kills.open("a") as file:
            file.write(json.dumps({"module": module, "test": watch.failed}) + "\n")
    return int(result)


def mutated_module() -> str:
    """As a path in this clone. Empty where nothing is changed."""
    changed = subprocess.run(["git", "diff", "--name-only"], capture_output=True, text=True, check=True)
    return changed.stdout.strip()


def kills_of(path: Path, module: str) -> Counter[str]:
    """How many mutants of a module each test file killed so far."""
    lines = path.read_text().splitlines() if path.exists() else []
    kills = [json.loads(line) for line in lines]
    return Counter(kill["test"].partition("::")[0] for kill in kills if kill["module"] == module)


def make_servers_as_new(stack: Path) -> None:
    """What the tests of the last mutant left must not meet those of this one."""
    settings = {name: value or "" for name, value in dotenv_values(stack).items()}
    with MongoClient[dict[str, object]](settings["MONGO_URI"]) as client:
        for name in client.list_database_names():
            if name.startswith("test_"):
                client.drop_database(name)
    with redis.Redis(settings["REDIS_HOST"], int(settings["REDIS_PORT"])) as cache:
        cache.flushall()
    port = urlsplit(settings["AWS_ENDPOINT_URL"]).port
    assert port
    aws = Aws(stack.parent, port, PidFile(stack.with_name("unused.json")), {})
    with requests.Session() as session:
        session.trust_env = False
        session.post(aws.base_url + "/_ministack/reset", timeout=30).raise_for_status()
    aws.await_ready()  # makes the queues and the sender


def _end_in_good_order(seconds: int) -> None:
    """When a test hangs, or the run is stopped: so that the fixtures end what they started."""
    parent = os.getppid()

    def end(_signal: int, _frame: FrameType | None) -> None:
        pytest.exit("A test hangs, or the run was stopped.", returncode=1)

    def wait_for_the_parents_end() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGALRM)

    signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    threading.Thread(target=wait_for_the_parents_end, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
