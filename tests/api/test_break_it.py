"""/dev/break, where the local stack has something broken on purpose: who may, and where it is not there."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from flask import Flask
from pymongo.errors import ServerSelectionTimeoutError

from local_stack.break_it import BreakIt, Fault, NotNow
from local_stack.control import Control
from local_stack.programs import ROOT, clean_environment
from tests.api.conftest import StartApi
from tests.support.client import Client, expect_problem
from tests.support.waiting import wait_for


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_where_no_local_stack_runs_nothing_can_be_broken(anyone: Client, method: str) -> None:
    expect_problem(anyone.get("/dev/break"), 404, "not_found")
    expect_problem(anyone.send(method, "/dev/break/kill_api"), 404, "not_found")
    assert "break.js" not in anyone.get("/dev", headers={"Accept": "text/html"}).text


@pytest.mark.parametrize(
    "url", ["http://10.0.0.7:8000/x", "https://127.0.0.1:1/x", "http://example.com", "x"]
)
def test_what_would_break_another_machine_is_refused_at_the_start(
    settings: Mapping[str, str], url: str
) -> None:
    environment = clean_environment({**settings, "BREAK_IT_URL": url})
    command = [sys.executable, "-c", "import wsgi"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "BREAK_IT_URL: Must start with http://127.0.0.1" in run.stderr


def test_another_method_is_answered_with_those_there_are(own_app: Flask) -> None:
    answer = own_app.test_client().post("/dev/break/kill_api")
    assert (answer.status_code, answer.get_json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"PUT", "DELETE", "OPTIONS"}


def test_only_who_names_this_machine_is_heard(start_api: StartApi) -> None:
    with start_api("break-it", BREAK_IT_URL="http://127.0.0.1:1/secret") as base:
        client = Client(base)
        for method, path in [("GET", ""), ("PUT", "/kill_api"), ("DELETE", "/stop_redis")]:
            rebound = client.send(method, f"/dev/break{path}", headers={"Host": "rebound.example.com"})
            expect_problem(rebound, 421, "misdirected_request")
        gone = expect_problem(client.put("/dev/break/kill_api"), 503, "service_unavailable")
        assert gone["detail"] == "The local stack does not answer."


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.fixture
def in_the_way() -> list[str]:
    """While something stands in it, `lasts` cannot be mended."""
    return []


@pytest.fixture
def control(done: list[str], in_the_way: list[str]) -> Iterator[Control]:
    """With a thread that does what is asked for, as the supervisor's does."""

    def refuse() -> None:
        raise NotNow("Place an order first.")

    def end() -> None:
        if in_the_way:
            raise ServerSelectionTimeoutError("no MongoDB")
        done.append("ended")

    lasts = Fault("lasts", "It lasts", "Much.", "Time.", lambda: done.append("begun"), end)
    control, over = Control(), threading.Event()

    def tend() -> None:
        while not over.wait(0.01):
            control.tend()

    control.start(BreakIt([lasts, Fault("not_now", "Not now", "Nothing.", "Time.", refuse)]))
    thread = threading.Thread(target=tend)
    thread.start()
    yield control
    over.set()
    thread.join()
    control.stop()


def test_a_fault_begins_and_ends_and_what_cannot_be_done_says_why(
    start_api: StartApi, control: Control, done: list[str]
) -> None:
    with start_api("break-it", BREAK_IT_URL=control.url) as base:
        client = Client(base)
        assert client.put("/dev/break/lasts").status_code == 200
        lasting, other = client.get("/dev/break").json()["data"]
        assert (0 < lasting["secondsLeft"] <= 60, other["secondsLeft"], done) == (True, 0, ["begun"])

        assert client.delete("/dev/break/lasts").json()["data"][0]["secondsLeft"] == 0
        assert done == ["begun", "ended"]
        expect_problem(client.put("/dev/break/unknown"), 404, "not_found")
        assert client.put("/dev/break/not_now").json()["detail"] == "Place an order first."


def test_what_cannot_be_mended_now_stays_broken_and_is_tried_again(
    start_api: StartApi,
    control: Control,
    done: list[str],
    in_the_way: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with start_api("break-it", BREAK_IT_URL=control.url) as base:
        client = Client(base)
        in_the_way.append("a MongoDB that is stopped")
        monkeypatch.setattr("local_stack.break_it._LASTS_SECONDS", -1)
        assert client.put("/dev/break/lasts").status_code == 200
        refused = expect_problem(client.delete("/dev/break/lasts"), 503, "service_unavailable")
        assert refused["detail"] == (
            "It cannot be done now: ServerSelectionTimeoutError. Mend what else is broken first."
        )
        assert client.get("/dev/break").json()["data"][0]["secondsLeft"] == 1

        in_the_way.clear()

        wait_for(lambda: done == ["begun", "ended"], "its end to be tried again")


def test_what_is_broken_is_mended_at_the_stop(done: list[str], control: Control) -> None:
    with urlopen(Request(f"{control.url}/lasts", method="PUT")):
        assert done == ["begun"]
    control.stop()
    assert done == ["begun", "ended"]


def test_who_does_not_know_its_path_is_not_heard(done: list[str], control: Control) -> None:
    other = f"{control.url.rpartition('/')[0]}/guessed/lasts"
    with pytest.raises(HTTPError, match="404"), urlopen(Request(other, method="PUT")):
        pass
    assert done == []
