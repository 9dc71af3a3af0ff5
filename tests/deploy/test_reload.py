"""SIGHUP, as `systemctl reload` sends it: new settings, and wrong ones, which change nothing."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from signal import SIGHUP, SIGKILL

import pytest
import requests

from local_stack.probes import free_port
from local_stack.processes import Process
from local_stack.programs import clean_environment, is_alive, python
from tests.support.checkout import copy_checkout, write_settings
from tests.support.client import Client
from tests.support.system import QUICK
from tests.support.waiting import wait_for

WRONG = {"JWT_SECRET": "short", "PORT": "none"}


class Served:
    """An API of two processes in a checkout of its own, whose settings are in its `.env` alone."""

    def __init__(self, home: Path, settings: dict[str, str]) -> None:
        self.port, self.file = free_port(), copy_checkout(home / "app") / ".env"
        self.settings = {**settings, **QUICK, "PORT": str(self.port), "WEB_CONCURRENCY": "2"}
        self.base = f"http://127.0.0.1:{self.port}"
        self.write()
        self.environment = clean_environment({"TMPDIR": str(home)})
        command = ["-m", "gunicorn", "wsgi:app"]
        self.process: Process = python(command, self.environment, home / "api.log", self.file.parent)

    def write(self, **changes: str) -> None:
        write_settings(self.file, {**self.settings, **changes})

    def reload(self) -> None:
        """Until the old processes are gone."""
        booted, gone = self.count("Booting worker"), self.count("Worker exiting")
        self.process.send(SIGHUP)
        wait_for(lambda: self.count("Booting worker") >= booted + 2, "new processes")
        wait_for(lambda: self.count("Worker exiting") >= gone + 2, "the old ones to end")

    def count(self, words: str) -> int:
        assert self.process.running, self.process.output()
        return self.process.output().count(words)

    def children(self) -> set[int]:
        log = self.process.output()
        gone = re.findall(r"(?:Worker exiting \(pid: |Worker \(pid:)(\d+)", log)
        return set(map(int, re.findall(r"Booting worker with pid: (\d+)", log))) - set(map(int, gone))

    def replace_a_process(self) -> None:
        """As when the kernel takes one for want of memory."""
        before, booted = self.children(), self.count("Booting worker")
        os.kill(min(before), SIGKILL)
        wait_for(lambda: self.count("Booting worker") > booted, "another in its place")
        wait_for(lambda: len(self.children()) == len(before), "both to be there")


@pytest.fixture
def served(settings: dict[str, str], tmp_path: Path) -> Iterator[Served]:
    api = Served(tmp_path, settings)
    api.process.start()
    try:
        wait_for(lambda: is_alive(api.port) or not api.process.running, "the API")
        assert api.process.running, api.process.output()
        yield api
    finally:
        api.process.kill()


def use(served: Served, client: Client, requests: int = 20) -> set[int]:
    """So many on fresh connections, so that all processes are met."""
    return {client.get("/api/orders", headers={"Connection": "close"}).status_code for _ in range(requests)}


def test_wrong_settings_at_a_reload_change_nothing_and_are_told(served: Served) -> None:
    client = Client(served.base).register()
    served.write(**WRONG)

    served.reload()

    assert use(served, client) == {200}
    assert "  JWT_SECRET: Too weak" in served.process.output()
    assert "  PORT: " in served.process.output()
    assert "Nothing is changed: the settings of before hold." in served.process.output()
    served.replace_a_process()
    assert use(served, client) == {200}, "a process that is started later goes by them too"

    served.write(CORS_ORIGINS="http://shop.example")
    served.reload()
    assert use(served, client) == {200}
    assert allowed_origin(served) == "http://shop.example"


def allowed_origin(served: Served) -> str | None:
    answer = requests.get(f"{served.base}/livez", headers={"Origin": "http://shop.example"}, timeout=60)
    return answer.headers.get("Access-Control-Allow-Origin")


def test_what_is_written_into_the_file_reaches_no_process_before_the_reload(served: Served) -> None:
    """Else a process that is started meanwhile would sign tokens that the others refuse."""
    client = Client(served.base).register()
    served.write(JWT_SECRET="8d1f4c72" * 8)

    served.replace_a_process()

    assert use(served, client) == {200}
    assert {client.login().get("/api/orders").status_code for _ in range(20)} == {200}
    served.reload()
    assert use(served, client) == {401}, "and then all of them"


def test_another_port_waits_for_a_restart(served: Served) -> None:
    """At a reload gunicorn would close the socket, with the requests in it."""
    served.write(PORT=str(free_port()), CORS_ORIGINS="http://shop.example")

    served.reload()

    assert allowed_origin(served) == "http://shop.example"


@pytest.mark.parametrize(("changes", "code"), [({}, 0), (WRONG, 2)])
def test_settings_are_checked_before_a_reload(
    settings: dict[str, str], tmp_path: Path, changes: dict[str, str], code: int
) -> None:
    """`gunicorn --check-config wsgi:app`, as the unit's ExecReload and an operator do. It leaves nothing."""
    app = copy_checkout(tmp_path / "app")
    write_settings(app / ".env", {**settings, **QUICK, **changes})
    (tmp_path / "tmp").mkdir()
    check = Process(
        "check",
        [sys.executable, "-m", "gunicorn", "--check-config", "wsgi:app"],
        environment=clean_environment({"TMPDIR": str(tmp_path / "tmp")}),
        log=tmp_path / "check.log",
        home=app,
    ).start()

    assert check.wait(60) == code
    assert ("JWT_SECRET: Too weak" in check.output()) is bool(changes)
    assert list((tmp_path / "tmp").iterdir()) == []
