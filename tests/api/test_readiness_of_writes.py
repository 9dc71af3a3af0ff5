"""/readyz while MongoDB answers and takes no writes: a disk that is full, as far as MongoDB can tell."""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from pymongo import MongoClient
from pymongo.monitoring import CommandListener

from local_stack.mongo import SecantusDB
from local_stack.programs import ROOT, clean_environment
from local_stack.servers import Server
from local_stack.stack import LocalStack
from services import probes
from services.probes import Probes
from tests.support.client import Client, expect_problem
from tests.support.replaced import bound_to, replace_for_test
from tests.support.system import QUICK, running_api


@pytest.fixture
def own_mongo(settings: Mapping[str, str], tmp_path: Path) -> Iterator[Server]:
    """A MongoDB for this test alone. A mongod would end itself, and be down."""
    elsewhere = {name: value for name, value in settings.items() if name != "MONGO_URI"}
    with LocalStack(tmp_path / "stack", elsewhere) as stack:
        server = stack.servers["mongo"]
        if not isinstance(server, SecantusDB) or not hasattr(resource, "prlimit"):
            pytest.skip("needs SecantusDB, and Linux to set a limit on it while it runs")
        yield server


def fill_disk(server: Server) -> None:
    """From now on, no file of the server may grow or be written: what a full disk does to WiredTiger."""
    pid = server.process.pid
    assert pid is not None
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def test_while_mongodb_takes_no_writes_it_is_not_ready(
    own_mongo: Server, settings: Mapping[str, str], logs: Path
) -> None:
    known = {**settings, **own_mongo.settings()}
    environment = clean_environment({**known, **QUICK})
    subprocess.run([sys.executable, "-m", "local_stack.seed"], cwd=ROOT, env=environment, check=True)
    with running_api(known, logs / "full-disk.log") as (base, child):
        # Without a probe that was good a moment ago: 10 s need not be waited out.
        fill_disk(own_mongo)
        anyone = Client(base)
        for _ in range(4):  # in both processes
            problem = expect_problem(anyone.get("/readyz"), 503, "service_unavailable")
            assert problem["dependencies"] == {"mongodb": "read-only", "redis": "up", "sqs": "up"}
            assert "takes no writes" in problem["detail"]
        own_mongo.kill()
        expect_problem(anyone.get("/readyz"), 503, "service_unavailable")
        own_mongo.start()

        assert anyone.get("/readyz").json()["status"] == "ready", "at once, and not after 10 s"
        assert 1 <= child.output().count("writes_refused") <= 2, "a line a process, not one a request"


class Writes(CommandListener):
    count = 0

    def started(self, event: Any) -> None:
        self.count += event.command_name == "update"

    def succeeded(self, event: Any) -> None:
        """Of no interest."""

    def failed(self, event: Any) -> None:
        """Of no interest."""


def test_while_writes_are_taken_one_is_tried_in_10_s(
    app: Flask, settings: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_for_test(monkeypatch, app, probes=Probes())
    now, writes = time.monotonic(), Writes()
    with (
        MongoClient[dict[str, Any]](settings["MONGO_URI"], event_listeners=[writes]) as client,
        bound_to(client, client.get_default_database()),
    ):
        counts = []
        for seconds in (0, 1, 9.9, 10, 11):
            monkeypatch.setattr(probes, "time", SimpleNamespace(monotonic=lambda at=now + seconds: at))
            assert app.test_client().get("/readyz").status_code == 200
            counts.append(writes.count)

        assert counts == [1, 1, 1, 2, 2]
        assert client.get_default_database()["readiness"].count_documents({}) == 1
