"""A Node deployment on the servers of this project: its API, its worker, and a hand at its console."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import requests

from local_stack.probes import free_port
from local_stack.processes import Process
from local_stack.programs import ROOT, clean_environment
from tests.support import npm
from tests.support.waiting import wait_for

FOLDER: Final = ROOT / "tests" / "interop" / "node"


class Hand:
    """What a person of the Node team does at its console: mongoose, the redis client, the queue, tokens."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._session = requests.Session()
        self._session.trust_env = False

    def do(self, what: str, **details: Any) -> Any:
        """One action of node/hand.js: its result, as JSON. AssertionError with Node's message if it fails."""
        answer = self._session.post(self._address, json={"do": what, **details}, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()["is"]


def node_settings(settings: Mapping[str, str]) -> dict[str, str]:
    """This project's settings, and the same servers under the names that the Node code reads."""
    redis_uri = settings.get("REDIS_URI") or f"redis://{settings['REDIS_HOST']}:{settings['REDIS_PORT']}"
    own = {"JWT_REFRESH_SECRET": "of Node's refresh tokens", "SQS_URL": settings["SQS_QUEUE_URL"]}
    return {**settings, **own, "REDIS_URI": redis_uri}


@contextmanager
def running_node(script: str, settings: Mapping[str, str], log: Path, ready: str) -> Iterator[str]:
    """A program of node/ that has said `ready`: the address at which it listens, if it does."""
    npm.install_locked(FOLDER)
    log.parent.mkdir(exist_ok=True)
    port = str(free_port())
    environment = clean_environment({**node_settings(settings), "HOST": "127.0.0.1", "PORT": port})
    command = [npm.program("node"), script]
    process = Process(f"node {script}", command, environment=environment, log=log, home=FOLDER).start()

    def said_so() -> bool:
        assert process.running, process.output()
        return ready in process.output()

    try:
        wait_for(said_so, f"node {script} to say {ready}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
