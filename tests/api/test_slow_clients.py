"""Clients that are slow, on purpose or not: each loses its own connection, and nobody else waits for it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.client import Client
from tests.support.system import running_api
from tests.support.waiting import wait_for

_LINE = "POST /api/auth/register HTTP/1.1\r\n"
_HEAD = f"{_LINE}Host: x\r\nContent-Type: application/json\r\n"
_WITH_LENGTH = f'{_HEAD}Content-Length: 100\r\n\r\n{{"email":'
_CHUNKED = f'{_HEAD}Transfer-Encoding: chunked\r\n\r\n9\r\n{{"email":\r\n'


@pytest.fixture(scope="module")
def impatient(settings: dict[str, str], logs: Path) -> Iterator[str]:
    """An API that gives a request half a second; with limits, which look into it too."""
    changes = {"WEB_CONCURRENCY": "1", "WEB_CONNECTIONS": "100", "CLIENT_TIMEOUT_SECONDS": "0.5"}
    with running_api(settings, logs / "impatient.log", **changes, RATELIMIT_ENABLED="true") as (base, _):
        yield base


def connect(base: str, sent: str = "") -> socket.socket:
    """A connection on which so much of a request was sent."""
    parts = urlsplit(base)
    connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60)
    connection.sendall(sent.encode())
    return connection


def answer_on(connection: socket.socket) -> str:
    """What comes until the server closes the connection."""
    received = b""
    try:
        while data := connection.recv(65536):
            received += data
    except ConnectionResetError:
        pass
    return received.decode()


@pytest.mark.parametrize("begun", [_WITH_LENGTH, _CHUNKED], ids=["with a length", "chunked"])
def test_a_body_that_does_not_arrive_is_answered_with_400(impatient: str, begun: str) -> None:
    with connect(impatient, begun) as connection:
        answer = answer_on(connection)

    assert answer.startswith("HTTP/1.1 400 "), answer
    assert "The body did not arrive in full, or not in time." in answer


def test_a_body_that_ends_before_its_length_is_not_taken_for_a_whole_one(impatient: str) -> None:
    with connect(impatient, f"{_HEAD}Content-Length: 100\r\n\r\n{{}}") as connection:
        connection.shutdown(socket.SHUT_WR)
        assert "The body did not arrive in full" in answer_on(connection)


@pytest.mark.parametrize("begun", ["P", _LINE, _HEAD])
def test_a_head_that_does_not_arrive_ends_the_connection(impatient: str, begun: str) -> None:
    with connect(impatient, begun) as connection:
        assert answer_on(connection) == ""


def test_what_comes_after_the_end_of_patience_is_no_request(impatient: str) -> None:
    """A proxy would take the answer for that of its next request."""
    with connect(impatient, _WITH_LENGTH) as connection:
        connection.recv(1)
        late = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
        try:
            connection.sendall(late.encode())
        except ConnectionError:
            late = ""
        assert '"alive"' not in answer_on(connection)


def silent(base: str) -> socket.socket:
    return connect(base)


def silent_in_the_head(base: str) -> socket.socket:
    return connect(base, _HEAD)


def silent_in_the_body(base: str) -> socket.socket:
    return connect(base, _WITH_LENGTH)


@pytest.mark.parametrize("kind", [silent, silent_in_the_head, silent_in_the_body])
def test_many_slow_clients_do_not_keep_others_out(
    impatient: str, kind: Callable[[str], socket.socket]
) -> None:
    with ExitStack() as slow:
        for _ in range(12):
            slow.enter_context(kind(impatient))
        assert Client(impatient).get("/livez").status_code == 200


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/docs/swagger-ui-bundle.js"])
def test_a_client_that_reads_no_answers_loses_its_connection(impatient: str, path: str) -> None:
    """It asks for more than all buffers hold."""
    with connect(impatient, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n" * 200) as connection:
        wait_for(lambda: is_cut_off(connection), "the server to hang up")
        assert Client(impatient).get("/livez").status_code == 200


def is_cut_off(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"\r\n")
    except OSError:
        return True
    return False


def test_clients_that_do_not_hang_up_do_not_keep_others_out(impatient: str) -> None:
    """Waiting two seconds for each would be longer than a client waits for its answer."""
    request = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with ExitStack() as slow:
        for connection in [slow.enter_context(connect(impatient, request)) for _ in range(60)]:
            assert answer_on(connection).startswith("HTTP/1.1 200 ")  # and its end is not closed
        assert Client(impatient).get("/livez").status_code == 200


@pytest.mark.parametrize("begun", [_HEAD, _WITH_LENGTH], ids=["the head", "the body"])
def test_a_client_that_sends_a_byte_now_and_then_is_no_better(impatient: str, begun: str) -> None:
    over = threading.Event()

    def dribble(connection: socket.socket) -> None:
        try:
            while not over.wait(0.1):
                connection.sendall(b"x")
        except OSError:
            pass

    with ExitStack() as slow:
        connections = [slow.enter_context(connect(impatient, begun)) for _ in range(8)]
        threads = [threading.Thread(target=dribble, args=(connection,)) for connection in connections]
        for thread in threads:
            thread.start()
        try:
            assert Client(impatient).get("/livez").status_code == 200
            for connection in connections:
                answer_on(connection)  # it ends
        finally:
            over.set()
            for thread in threads:
                thread.join()


def test_an_idle_connection_does_not_hold_up_the_end_of_the_api(settings: dict[str, str], logs: Path) -> None:
    with running_api(settings, logs / "ending.log", WEB_CONCURRENCY="1") as (base, child):
        idle, kept = connect(base), Client(base)
        assert kept.get("/livez").status_code == 200  # its connection is kept
        with idle:
            assert child.stop(60) == 0
            assert answer_on(idle) == ""

    assert "graceful timeout" not in child.output()
