"""Errors have one shape everywhere: problem details after RFC 9457, with the id of the request."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from flask import Flask

from tests.support.client import Client, expect_problem
from tests.support.waiting import wait_for

READ = ["/", "/livez", "/readyz", "/api/auth/test", "/api/inventory"]


@pytest.mark.parametrize(
    "path", ["/index.html", "/api", "/api/", "/api/nothing", "/api/auth", "/robots.txt", "/static/x"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_an_unknown_address_is_a_404(anyone: Client, method: str, path: str) -> None:
    expect_problem(anyone.send(method, path), 404, "not_found")


def test_another_method_is_a_405_that_names_the_right_ones(anyone: Client, own_app: Flask) -> None:
    by_rule: dict[str, set[str]] = {}
    for rule in own_app.url_map.iter_rules():
        by_rule.setdefault(rule.rule, set()).update(rule.methods or ())

    mounted = {path: allowed for path, allowed in by_rule.items() if not path.startswith("/dev/break")}
    for path, allowed in mounted.items():
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "TRACE"} - allowed:
            answer = anyone.send(method, re.sub("<[a-z_]+>", "x", path))
            problem = expect_problem(answer, 405, "method_not_allowed")
            assert set(answer.headers["Allow"].split(", ")) == allowed
            assert method in problem["detail"]


@pytest.mark.parametrize("path", READ)
def test_head_answers_as_get_without_a_body(anyone: Client, path: str) -> None:
    whole, head = anyone.get(path), anyone.send("HEAD", path)

    assert (head.status_code, head.content) == (whole.status_code, b"")
    for name in ("Content-Type", "Content-Length"):
        assert head.headers[name] == whole.headers[name]
    assert head.headers["X-Request-Id"]


def test_head_of_what_is_not_there_has_no_body_either(anyone: Client) -> None:
    answer = anyone.send("HEAD", "/api/inventory/nobody-has-this")

    assert (answer.status_code, answer.content) == (404, b"")
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/api/inventory/x", "GET, HEAD, OPTIONS, PATCH, PUT"), ("/api/auth/login", "OPTIONS, POST")],
)
def test_options_says_what_can_be_done(anyone: Client, path: str, methods: str) -> None:
    answer = anyone.send("OPTIONS", path)

    assert (answer.status_code, answer.content) == (200, b"")
    assert ", ".join(sorted(answer.headers["Allow"].split(", "))) == methods
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "path", [*READ, "/api/orders", "/api/inventory/x", "/api/orders/x", "/api/orders/x/events"]
)
def test_a_trailing_slash_changes_nothing(user: Client, path: str) -> None:
    plain, slashed = user.get(path), user.get(path + "/", allow_redirects=False)

    assert slashed.status_code == plain.status_code
    assert slashed.json().keys() == plain.json().keys()


def test_a_trailing_slash_changes_nothing_for_what_is_sent(anyone: Client) -> None:
    for path in ("register", "login", "refresh", "logout"):
        answers = [
            anyone.post(f"/api/auth/{path}{end}", {"odd": 1}, allow_redirects=False) for end in ("", "/")
        ]
        assert [answer.status_code for answer in answers] == [400, 400]


@pytest.mark.parametrize(
    "path", ["/api//inventory", "/api/inventory//", "/api//orders//x//", "/api/orders//events"]
)
def test_an_address_with_doubled_slashes_is_unknown(user: Client, path: str) -> None:
    user.session.hooks["response"].clear()  # which looks it up in the API's document, as if it were there

    expect_problem(user.get(path, allow_redirects=False), 404, "not_found")


@pytest.mark.parametrize("sent", ["a", "A.b_c-9", "x" * 128, "550e8400-e29b-41d4-a716-446655440000"])
def test_a_sane_request_id_comes_back(anyone: Client, sent: str) -> None:
    headers = {"X-Request-Id": sent}

    assert anyone.get("/livez", headers=headers).headers["X-Request-Id"] == sent
    answer = anyone.get("/nothing", headers=headers)
    assert answer.headers["X-Request-Id"] == sent
    assert expect_problem(answer, 404, "not_found")["requestId"] == sent


@pytest.mark.parametrize(
    "sent", ["", "x" * 129, "a b", "<script>", "a,b", "é", '"', "a;b", "$x", "a:b", "{}"]
)
def test_an_odd_request_id_is_replaced(anyone: Client, sent: str) -> None:
    first, second = (anyone.get("/livez", headers={"X-Request-Id": sent.encode("latin-1")}) for _ in range(2))

    assert len({sent, first.headers["X-Request-Id"], second.headers["X-Request-Id"]}) == 3


def test_every_kind_of_answer_carries_the_request_id(user: Client, product: Callable[..., str]) -> None:
    path = f"/api/inventory/{product(1)}"
    known = {"If-None-Match": user.get(path).headers["ETag"]}
    large: dict[str, Any] = {
        "data": b"x" * 200_000,
        "headers": {"Content-Type": "application/json", "Connection": "close"},
    }
    answers: dict[int, requests.Response] = {
        200: user.get(path),
        201: user.order({product(1): 1}),
        304: user.get(path, headers=known),
        400: user.post("/api/orders", {}),
        401: user.get("/api/orders", token=""),
        403: user.put(path, {"stock": 1}),
        404: user.get("/nothing"),
        405: user.send("DELETE", path),
        409: user.order({product(0): 1}),
        413: user.send("POST", "/api/orders", **large),
        415: user.send("POST", "/api/orders", data="x"),
        422: user.order({"nobody-has-this": 1}),
        204: user.post("/api/auth/logout", {"refreshToken": user.tokens["refreshToken"]}),
    }

    assert {status: answer.status_code for status, answer in answers.items()} == {s: s for s in answers}
    ids = [answer.headers["X-Request-Id"] for answer in answers.values()]
    assert len(set(ids)) == len(answers)
    for status, answer in answers.items():
        if status >= 400:
            problem = expect_problem(answer, status, answer.json()["code"])
            assert problem["requestId"] == answer.headers["X-Request-Id"]
            assert problem["type"] == f"/problems/{problem['code']}"
            explained = user.get(problem["type"], headers={"Accept": "application/json"}).json()
            assert explained["status"] == status


def test_the_log_has_a_line_with_the_id_the_route_and_the_status(anyone: Client, logs: Path) -> None:
    request_id = f"log-{uuid4().hex}"
    anyone.post("/api/auth/login", {"extra": 1}, headers={"X-Request-Id": request_id})

    def lines() -> list[str]:
        return [row for row in (logs / "api.log").read_text().splitlines() if request_id in row]

    (line,) = wait_for(lines, "the line in the log")
    logged = json.loads(line)
    assert (logged["method"], logged["route"], logged["status"]) == ("POST", "/api/auth/login", 400)
