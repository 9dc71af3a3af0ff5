"""Who may call which route: every view declares it, and every route keeps to it."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.support.client import Client, expect_problem

WHO = {
    "POST /api/auth/register": "anyone",
    "POST /api/auth/login": "anyone",
    "POST /api/auth/refresh": "anyone",
    "POST /api/auth/logout": "anyone",
    "GET /api/auth/me": "user",
    "POST /api/auth/password": "user",
    "DELETE /api/auth/me": "user",
    "GET /api/auth/test": "anyone",
    "POST /api/orders": "user",
    "GET /api/orders": "user",
    "GET /api/orders/<order_id>": "user",
    "GET /api/orders/<order_id>/events": "user",
    "POST /api/orders/<order_id>/cancel": "user",
    "GET /api/inventory": "anyone",
    "GET /api/inventory/<product:product_id>": "anyone",
    "PUT /api/inventory/<product:product_id>": "admin",
    "PATCH /api/inventory/<product:product_id>": "admin",
    "GET /problems": "anyone",
    "GET /problems/<code>": "anyone",
    "GET /": "anyone",
    "GET /favicon.ico": "anyone",
    "GET /livez": "anyone",
    "GET /readyz": "anyone",
    "GET /metrics": "anyone",
    "GET /api/docs": "anyone",
    "GET /api/docs/<name>": "anyone",
    "GET /api/openapi.json": "anyone",
    "GET /dev": "anyone",
    "GET /dev/assets/<name>": "anyone",
    "GET /dev/audit.json": "anyone",
    "GET /dev/board.json": "board reader",
    "DELETE /dev/break/<name>": "anyone",
    "GET /dev/break": "anyone",
    "PUT /dev/break/<name>": "anyone",
    "GET /dev/mailbox": "anyone",
    "GET /dev/timeline.json": "board reader",
}


def routes_of(app: Flask) -> dict[str, str]:
    """Method and rule of every route, and who may call it as its view declares."""
    return {
        f"{method} {rule.rule}": getattr(app.view_functions[rule.endpoint], "who", "not declared")
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_route_declares_who_may_call_it(own_app: Flask) -> None:
    assert routes_of(own_app) == WHO


@pytest.mark.parametrize("route", [route for route, who in WHO.items() if who in ("user", "admin")])
def test_a_route_that_is_not_for_anyone_keeps_them_out(user: Client, route: str) -> None:
    method, rule = route.split(" ")
    path = re.sub("<[a-z_:]+>", "x", rule)

    expect_problem(user.send(method, path, token=""), 401, "token_missing")
    expect_problem(user.send(method, path, token="a.b.c"), 401, "token_invalid")
    if WHO[route] == "admin":
        expect_problem(user.send(method, path), 403, "forbidden")


def test_every_route_about_an_order_is_closed_to_other_users(
    own_app: Flask, user: Client, new_user: Callable[[], Client], product: Callable[..., str]
) -> None:
    order = user.order({product(5): 1}).json()
    before = user.get(f"/api/orders/{order['orderId']}/events").json()
    routes = [route for route in routes_of(own_app) if "<order_id>" in route]
    assert len(routes) >= 3
    stranger = new_user()

    for route in routes:
        method, rule = route.split(" ")
        path = rule.replace("<order_id>", order["orderId"])
        expect_problem(stranger.send(method, path), 404, "order_not_found")
        expect_problem(stranger.send(method, path + f"?userId={user.user_id}"), 404, "order_not_found")

    after = user.get(f"/api/orders/{order['orderId']}/events").json()  # a worker may have gone on with it
    assert after["data"][: len(before["data"])] == before["data"]
    assert "cancelled" not in {event["event"] for event in after["data"]}
    assert stranger.get("/api/orders").json()["data"] == []
