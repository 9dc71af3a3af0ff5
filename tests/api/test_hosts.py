"""The Host that a request names, as clients send it: well, oddly, or not at all."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.api.conftest import StartApi
from tests.support.client import Client, expect_problem

JSON = {"Accept": "application/json"}
NO_HOSTS = [
    None,
    b"",
    b"a,b",
    b"a b",
    b"a/b",
    b"a@b",
    b"http://a",
    b"..",
    b".",
    b":80",
    b"a:b",
    b"[::1",
    b"%00",
]
NO_HOSTS += [
    b"\xff\xfe",
    b"\xc3\xbc.example",
    b"x" * 64,
    b"x." * 200,
    b"x" * 5000,
    b"a\tb",
    b"[x]",
    b"a:999999",
]
HOSTS = [
    b"a",
    b"api.example.com",
    b"API.example.com.:8080",
    b"[::1]:3000",
    b"10.0.0.1",
    b"order_api:3000",
    b"a:",
]
HOSTS += [
    b"xn--",
    b"xn--zzzzzzzzzzzz",
    b"-",
    b"localhost:99999",
    b"x" * 63,
    b"999.999.999.999",
    b"[::1].",
]
PLACES = ["/", "/livez", "/api/orders", "/api/inventory", "/nowhere", "/problems", "/api/docs"]


def send(base: str, path: str, host: bytes | None, version: str = "1.1") -> tuple[int, bytes]:
    """One GET as it is written here. Returns the status and the body."""
    parts = urlsplit(base)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as connection:
        head = f"GET {path} HTTP/{version}\r\nConnection: close\r\n".encode()
        connection.sendall(head + (b"" if host is None else b"Host: " + host + b"\r\n") + b"\r\n")
        answer = b""
        while data := connection.recv(65536):
            answer += data
    return int(answer.split()[1]), answer.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("host", NO_HOSTS, ids=lambda host: repr(host)[:20])
def test_what_is_no_host_is_a_400_that_says_so(api: str, host: bytes | None) -> None:
    for place in (*PLACES, "/dev/mailbox"):
        status, body = send(api, place, host)

        assert status == 400, (place, body)
        assert [row["field"] for row in json.loads(body)["errors"]] == ["Host"]


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: repr(host)[:20])
def test_any_other_host_is_served(api: str, host: bytes) -> None:
    statuses = {place: send(api, place, host)[0] for place in PLACES}

    assert statuses == {**dict.fromkeys(PLACES, 200), "/api/orders": 401, "/nowhere": 404}


def test_http_1_0_needs_no_host(api: str) -> None:
    assert [send(api, place, None, "1.0")[0] for place in ("/livez", "/dev/mailbox")] == [200, 200]


def test_two_hosts_are_a_400(api: str) -> None:
    assert send(api, "/livez", b"localhost\r\nHost: evil.example")[0] == 400


@pytest.mark.parametrize(
    "name", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:3000", "[::1]:3000", "localhost."]
)
def test_the_mailbox_answers_to_the_names_of_this_machine(anyone: Client, name: str) -> None:
    assert anyone.get("/dev/mailbox", headers={"Host": name, **JSON}).status_code == 200


@pytest.mark.parametrize(
    "name", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:3000", "127.0.0.2", "[::2]"]
)
def test_it_answers_to_no_other_name(anyone: Client, name: str) -> None:
    for accept in ("application/json", "text/html"):
        answer = anyone.get("/dev/mailbox", headers={"Host": name, "Accept": accept})

        expect_problem(answer, 421, "misdirected_request")


def test_it_answers_to_what_the_setting_says(start_api: StartApi) -> None:
    with start_api("named", HOST="0.0.0.0") as base:
        named = Client(base)

        assert named.get("/dev/mailbox", headers={"Host": "0.0.0.0:3000", **JSON}).status_code == 200
        answer = named.get("/dev/mailbox", headers={"Host": "127.0.0.2"})
        expect_problem(answer, 421, "misdirected_request")
