"""When MongoDB is gone: a 503 that says when to try again, soon, and in the app's own words."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import requests

from tests.support.client import Client, expect_problem
from tests.support.node_accounts import node_token
from tests.support.together import together

USER_ID = "65f1a7c3d2e4b5a697880011"
# A call gives up after 5 s (config/__init__.py). The driver alone would take 30 s for each.
SECONDS = 20

ORDER = {"items": [{"productId": "x", "quantity": 1}], "totalAmount": 1}
ACCOUNT = {"email": "anna@example.com", "password": "correct horse"}
REQUESTS: list[tuple[str, str, Any]] = [
    ("POST", "/api/auth/register", ACCOUNT),
    ("POST", "/api/auth/login", ACCOUNT),
    ("GET", "/api/auth/me", None),
    ("POST", "/api/auth/password", {"currentPassword": "correct horse", "newPassword": "battery staple"}),
    ("DELETE", "/api/auth/me", {"password": "correct horse"}),
    ("GET", "/api/inventory", None),
    ("GET", "/api/inventory/x", None),
    ("PUT", "/api/inventory/x", {"stock": 1}),
    ("PATCH", "/api/inventory/x", {"adjust": 1}),
    ("POST", "/api/orders", ORDER),
    ("GET", "/api/orders", None),
    ("GET", f"/api/orders/{USER_ID}", None),
    ("GET", "/api/orders/ORD-1/events", None),
    ("POST", "/api/orders/ORD-1/cancel", None),
]


@pytest.fixture
def cut_off(api_without_mongo: str, settings: Mapping[str, str]) -> Client:
    """A client with a good token, of an API without its database."""
    client = Client(api_without_mongo)
    client.tokens = {"token": node_token(settings["JWT_SECRET"], USER_ID)}
    return client


def test_every_route_that_needs_the_database_says_503_in_time(
    cut_off: Client, user: Client, settings: Mapping[str, str]
) -> None:
    def asked(method: str, path: str, body: Any) -> Callable[[], tuple[requests.Response, float]]:
        def ask() -> tuple[requests.Response, float]:
            client = Client(cut_off.base)
            start = time.monotonic()
            answer = client.send(method, path, token=cut_off.tokens["token"], json=body)
            return answer, time.monotonic() - start

        return ask

    token = {"refreshToken": user.tokens["refreshToken"]}
    routes = [*REQUESTS, ("POST", "/api/auth/refresh", token), ("POST", "/api/auth/logout", token)]

    answers = together([asked(*route) for route in routes])

    for (method, path, _), (answer, seconds) in zip(routes, answers, strict=True):
        problem = expect_problem(answer, 503, "service_unavailable")
        assert seconds < SECONDS, f"{method} {path}"
        for foreign in (
            "pymongo",
            "timeout",
            "127.0.0.1",
            "refused",
            "topology",
            "server selection",
            "traceback",
        ):
            assert foreign not in answer.text.lower(), f"{method} {path}: {problem}"


def test_what_needs_no_database_goes_on(cut_off: Client) -> None:
    assert cut_off.get("/livez").status_code == 200
    assert cut_off.get("/api/auth/test").status_code == 200
    expect_problem(cut_off.get("/nothing"), 404, "not_found")
    expect_problem(cut_off.post("/api/auth/login", {}), 400, "validation_error")
    expect_problem(cut_off.get("/api/orders", token="a.b.c"), 401, "token_invalid")
    expect_problem(cut_off.post("/api/orders", {}), 400, "validation_error")
