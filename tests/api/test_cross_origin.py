"""Pages of other origins: those that CORS_ORIGINS names may call the API, and read what it answers."""

from collections.abc import Callable, Iterator

import pytest
import requests
from flask import Flask

from middleware import cross_origin, request_context
from tests.api.conftest import StartApi
from tests.support.client import Client
from utils import error_handler

PAGE, OTHER_PAGE, STRANGER = "http://localhost:5173", "http://[::1]:8080", "http://evil.example"
MAY_SEND = {
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Prefer",
    "X-Request-Id",
}
MAY_READ = {
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "Preference-Applied",
    "Retry-After",
    "WWW-Authenticate",
    "X-Cache",
    "X-Request-Id",
}


@pytest.fixture(scope="module")
def open_api(start_api: StartApi) -> Iterator[str]:
    """An API that lets two origins in, with its limits on."""
    origins = f"{PAGE},{OTHER_PAGE}"
    with start_api("cross-origin", CORS_ORIGINS=origins, RATELIMIT_ENABLED="true") as base:
        yield base


def client_of(base: str, origin: str) -> Client:
    """A client as it is in a page."""
    client = Client(base)
    client.session.headers["Origin"] = origin
    return client


def words(answer: requests.Response, header: str) -> set[str]:
    return {word.strip() for word in answer.headers.get(header, "").split(",")} - {""}


def expect_readable(answer: requests.Response, status: int, origin: str = PAGE) -> None:
    """A page may read the answer, and its headers."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert words(answer, "Access-Control-Expose-Headers") == MAY_READ
    assert "Origin" in words(answer, "Vary")
    assert "Access-Control-Allow-Credentials" not in answer.headers


def preflight(base: str, path: str, method: str, origin: str = PAGE) -> requests.Response:
    """What a browser asks before it sends."""
    asks = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": ", ".join(MAY_SEND)}
    return client_of(base, origin).send("OPTIONS", path, headers=asks)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/orders"),
        ("PUT", "/api/inventory/x"),
        ("PATCH", "/api/inventory/x"),
        ("DELETE", "/api/auth/me"),
        ("GET", "/api/orders/x"),
        ("GET", "/api/no-such-address"),  # the page is to see the 404 of the request itself
    ],
)
@pytest.mark.parametrize("origin", [PAGE, OTHER_PAGE])
def test_a_preflight_allows_the_methods_and_headers_of_the_api(
    open_api: str, method: str, path: str, origin: str
) -> None:
    answer = preflight(open_api, path, method, origin)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert words(answer, "Access-Control-Allow-Methods") >= {"GET", "POST", "PUT", "PATCH", "DELETE"}
    assert words(answer, "Access-Control-Allow-Headers") == MAY_SEND
    assert answer.headers["Access-Control-Max-Age"] == "600"
    assert "Origin" in words(answer, "Vary")


def test_a_page_orders_and_reads_where_its_order_is(open_api: str, product: Callable[..., str]) -> None:
    client = client_of(open_api, PAGE).register()

    placed = client.order({product(5): 1}, key="only-once")
    expect_readable(placed, 201)
    read = client.get(placed.headers["Location"])
    expect_readable(read, 200)
    not_modified = client.get(placed.headers["Location"], headers={"If-None-Match": read.headers["ETag"]})
    expect_readable(not_modified, 304)


def test_errors_are_readable_too(open_api: str) -> None:
    client = client_of(open_api, PAGE)

    expect_readable(client.get("/api/orders"), 401)
    expect_readable(client.get("/api/no-such-address"), 404)
    expect_readable(client.send("DELETE", "/api/orders"), 405)
    expect_readable(client.post("/api/auth/login", ["no object"]), 400)
    wrong = {"email": "nobody@example.com", "password": "wrong password"}
    for _ in range(10):
        client.post("/api/auth/login", wrong)
    expect_readable(client.post("/api/auth/login", wrong), 429)


def test_a_fault_of_ours_is_readable_too() -> None:
    app = Flask("faulty")
    request_context.init_app(app)
    cross_origin.init_app(app, [PAGE])
    error_handler.init_app(app)

    @app.get("/")
    def mistaken() -> str:
        raise KeyError

    answer = app.test_client().get("/", headers={"Origin": PAGE})

    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (500, PAGE)


@pytest.mark.parametrize("origin", [STRANGER, PAGE + ".evil.example", "http://localhost:51730", "null"])
def test_a_page_of_another_origin_is_not_let_in(open_api: str, origin: str) -> None:
    for answer in (
        client_of(open_api, origin).get("/api/inventory"),
        preflight(open_api, "/api/orders", "POST", origin),
    ):
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
        assert "Origin" in words(answer, "Vary")  # a cache must not hand this answer to the page


def test_every_origin_may_be_let_in(start_api: StartApi) -> None:
    with start_api("any-origin", CORS_ORIGINS="*") as base:
        expect_readable(client_of(base, STRANGER).get("/api/auth/test"), 200, STRANGER)


def test_without_the_setting_nobody_is_let_in(api: str) -> None:
    for answer in (client_of(api, PAGE).get("/api/inventory"), preflight(api, "/api/orders", "POST")):
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
        assert "Vary" not in answer.headers
