"""What is no JSON, too large, or called something else: before any field is looked at."""

import gzip
from collections.abc import Iterator

import pytest

from tests.api.body_routes import JSON, OPTIONAL, ROUTES, BodyRoute, send
from tests.support.client import Client, expect_problem

LIMIT = 100 * 1024
ONCE = {"Connection": "close"}  # what is left of a large body unread costs the connection


@pytest.fixture
def client(steady_admin: Client) -> Client:
    return steady_admin


@pytest.mark.parametrize("route", ROUTES, ids=str)
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'email': 'a'}",
        b'{"email": "a"} x',
        b'{"email": "a",}',
        b"email=a",
        b"NaN",
        b'{"stock": NaN}',
        b'{"stock": Infinity}',
        b'{"email": "\\ud800"}',
        b'{"email": "\\udc00\\ud800"}',
        b'{"email": "\xff"}',
        b'{"email": "\xed\xa0\x80"}',
        b'{"email": "a\x00b"}',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        gzip.compress(b"{}"),
        b"\x00",
        b" ",
        b"[" * 50_000,
        b'{"a":' * 15_000,
    ],
    ids=lambda body: repr(body)[2:22],
)
def test_what_is_no_json_is_told_so(client: Client, route: BodyRoute, body: bytes) -> None:
    expect_problem(send(client, route, body), 400, "invalid_json")


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_an_empty_body_is_no_json_where_one_is_needed(client: Client, route: BodyRoute) -> None:
    if route.rule in OPTIONAL:
        for kind in (JSON, None, "text/plain"):
            expect_problem(send(Client(client.base), route, b"", kind), 401, "token_missing")
    else:
        expect_problem(send(client, route, b""), 400, "invalid_json")


@pytest.mark.parametrize("route", ROUTES, ids=str)
@pytest.mark.parametrize(
    "kind",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", "a/b/c", "ü"],
)
def test_another_content_type_is_a_415(client: Client, route: BodyRoute, kind: str | None) -> None:
    expect_problem(send(client, route, b"{}", kind), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", "application/problem+json"]
)
def test_json_may_be_named_in_any_case_and_with_parameters(client: Client, kind: str) -> None:
    body = b'{"email": "a", "password": "b"}'

    answer = client.send("POST", "/api/auth/login", data=body, headers={"Content-Type": kind})

    expect_problem(answer, 401, "invalid_credentials")


def in_chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 10_000):
        yield body[start : start + 10_000]


@pytest.mark.parametrize("route", ROUTES, ids=str)
@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT + 2, 3 * LIMIT])
def test_a_body_above_100_kb_is_a_413(client: Client, route: BodyRoute, size: int) -> None:
    body = b'{"unknown": 1}'.ljust(size)  # with its end cut off, it would still be JSON
    headers = {"Content-Type": JSON, **ONCE}

    for data in (body, in_chunks(body)):
        answer = client.send(route.method, route.path or route.rule, data=data, headers=headers)
        expect_problem(answer, 413, "payload_too_large")


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_body_of_100_kb_is_read(client: Client, route: BodyRoute) -> None:
    body = b'{"unknown": 1}'.ljust(LIMIT)
    headers = {"Content-Type": JSON}

    for data in (body, in_chunks(body)):
        answer = client.send(route.method, route.path or route.rule, data=data, headers=headers)
        expect_problem(answer, 400, "validation_error")
