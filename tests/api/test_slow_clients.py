"""Clients that fall silent in the middle of a body."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.client import Client
from tests.support.system import running_api


@pytest.fixture(scope="module")
def impatient(settings: dict[str, str], logs: Path) -> Iterator[str]:
    """An API with four threads, which waits half a second for a body; with limits, which look into it too."""
    changes = {"WEB_CONCURRENCY": "1", "WEB_THREADS": "4", "BODY_TIMEOUT_SECONDS": "0.5"}
    with running_api(settings, logs / "impatient.log", **changes, RATELIMIT_ENABLED="true") as (base, _):
        yield base


def _begin(base: str) -> socket.socket:
    """A connection that has sent half of a request."""
    parts = urlsplit(base)
    connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60)
    head = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    connection.sendall(f'{head}Content-Length: 100\r\n\r\n{{"email":'.encode())
    return connection


def test_a_body_that_does_not_arrive_is_answered_with_400(impatient: str) -> None:
    with _begin(impatient) as connection:
        answer = connection.makefile("rb").read().decode()

    assert answer.startswith("HTTP/1.1 400 ")
    assert "The body did not arrive in time." in answer


def test_many_silent_clients_do_not_keep_others_out(impatient: str) -> None:
    silent = [_begin(impatient) for _ in range(8)]
    try:
        assert Client(impatient).get("/livez").status_code == 200
    finally:
        for connection in silent:
            connection.close()
