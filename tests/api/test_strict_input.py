"""Strict input: what is not exactly as the contract says is a 400, on each route that takes a body."""

from typing import Any

import pytest
from flask import Flask

from tests.api.body_routes import (
    OPTIONAL,
    ROUTES,
    UNKNOWN_PRODUCT,
    BodyRoute,
    send_value,
    with_value,
    without,
)
from tests.api.conftest import Mongo
from tests.support.client import PASSWORD, Client, expect_problem
from tests.support.product_ids import NOT_PRODUCT_IDS

OID = {"$oid": "65f1a7c3d2e4b5a697880011"}
OPERATORS: list[Any] = [{"$gt": ""}, {"$ne": None}, {"$regex": ".*"}, {"$where": "1"}, OID, {"$date": 0}]
NOT_A_NUMBER: list[Any] = ["1", "", True, False, [], [1], {}, {"$numberInt": "1"}, *OPERATORS]

WRONG: dict[str, list[Any]] = {
    "text": [1, 1.5, True, None, [], ["a"], {}, "a\0b", "\0", "\ud800", *OPERATORS],
    "integer": [*NOT_A_NUMBER, None, 1.0, 1.5, -1, 1e300, 10**30, 2**63, 2**64, -(2**63) - 1, float("nan")],
    "amount": [
        None,
        *NOT_A_NUMBER,
        -1,
        -0.01,
        0.001,
        1e-300,
        1e300,
        10**30,
        2**63,
        float("nan"),
        float("inf"),
    ],
    "list": [None, "a", 1, True, {}, {"0": {}}, [], *OPERATORS],
    "object": [None, "a", 1, True, [], [[]], *OPERATORS],
}
WRONG["amount or null"] = WRONG["amount"][1:]
WRONG["signed integer"] = [value for value in WRONG["integer"] if value != -1]

FIELDS = [(route, path) for route in ROUTES for path in route.fields]


@pytest.fixture(scope="module")
def client(steady_admin: Client, database: Mongo) -> Client:
    """An admin; and an account that nobody can register again."""
    taken = {"email": "taken@example.com", "password": "none"}
    database["users"].update_one({"email": taken["email"]}, {"$set": taken}, upsert=True)
    return steady_admin


def nested(levels: int, inner: Any) -> Any:
    for _ in range(levels):
        inner = {"$oid": inner}
    return inner


def refused(client: Client, route: BodyRoute, body: Any) -> list[str]:
    """The fields that are complained about."""
    answer = send_value(client, route, body)
    assert answer.status_code == 400, answer.text
    if answer.json()["code"] == "invalid_json":
        expect_problem(answer, 400, "invalid_json")
        return ["not even JSON"]
    problem = expect_problem(answer, 400, "validation_error")
    assert problem["errors"] and all(row["message"] for row in problem["errors"])
    return [row["field"] for row in problem["errors"]]


def test_each_route_that_takes_a_body_is_looked_at_here(own_app: Flask) -> None:
    taking = {
        (method, rule.rule)
        for rule in own_app.url_map.iter_rules()
        if hasattr(own_app.view_functions[rule.endpoint], "body_schema")
        for method in (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
    }

    assert taking == {(route.method, route.rule) for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_good_body_passes(client: Client, route: BodyRoute) -> None:
    answer = send_value(client, route, route.good)

    if isinstance(route.answer, str):
        assert answer.json()["code"] == route.answer, answer.text
    else:
        assert answer.status_code in (route.answer, 201), answer.text


@pytest.mark.parametrize(("route", "path"), FIELDS, ids=str)
def test_a_value_of_another_kind_is_refused(client: Client, route: BodyRoute, path: str) -> None:
    for value in WRONG[route.fields[path]]:
        fields = refused(client, route, with_value(route, path, value))
        assert fields == ["not even JSON"] or all(name.startswith(path) for name in fields), (value, fields)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_field_that_is_missing_is_named(client: Client, route: BodyRoute) -> None:
    for path in route.required:
        assert refused(client, route, without(route, path)) == [path]


@pytest.mark.parametrize("route", ROUTES, ids=str)
@pytest.mark.parametrize(
    "name", ["extra", "role", "_id", "$set", "__proto__", "constructor", "", "a.b", "_schema"]
)
def test_an_unknown_field_is_refused(client: Client, route: BodyRoute, name: str) -> None:
    fields = refused(client, route, {**route.good, name: 1})

    assert fields == [name] or name in ("", "_schema")


@pytest.mark.parametrize("name", ["price", "unitPrice", "holdId", "_id", "$inc"])
def test_an_unknown_field_within_an_item_is_refused(client: Client, name: str) -> None:
    route = next(route for route in ROUTES if route.rule == "/api/orders")

    assert refused(client, route, with_value(route, f"items.0.{name}", 1)) == [f"items.0.{name}"]


@pytest.mark.parametrize("route", ROUTES, ids=str)
@pytest.mark.parametrize(
    "body", [[], [{}], "text", 1, 1.5, True, None, float("nan"), 10**400], ids=lambda v: str(v)[:9]
)
def test_what_is_no_object_is_refused(client: Client, route: BodyRoute, body: Any) -> None:
    assert refused(client, route, body) in (["body"], ["not even JSON"])


@pytest.mark.parametrize("route", ROUTES, ids=str)
@pytest.mark.parametrize("levels", [1, 10, 1000, 10_000])
def test_wrappers_of_mongodb_are_refused_however_deep(client: Client, route: BodyRoute, levels: int) -> None:
    body = '{"$oid":' * levels + '"65f1a7c3d2e4b5a697880011"' + "}" * levels
    answer = client.send(
        route.method, route.path or route.rule, data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400, answer.text
    if levels <= 10:
        for path in route.fields:
            assert refused(client, route, with_value(route, path, nested(levels, "65f1a7c3d2e4b5a697880011")))


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_an_empty_object_lacks_what_is_required(client: Client, route: BodyRoute) -> None:
    if route.rule in OPTIONAL:
        return
    top = [path for path in route.required if "." not in path]

    assert refused(client, route, {}) == (top or ["body"])


@pytest.mark.parametrize("product_id", NOT_PRODUCT_IDS)
def test_a_product_id_in_an_order_has_1_to_64_printable_characters(client: Client, product_id: str) -> None:
    order = {"items": [{"productId": product_id, "quantity": 1}]}
    problem = expect_problem(client.post("/api/orders", order), 400, "validation_error")

    assert [row["field"] for row in problem["errors"]] == ["items.0.productId"]


@pytest.mark.parametrize(
    ("lines", "quantity", "code"),
    [
        (50, 1000, "unknown_product"),
        (51, 1, "validation_error"),
        (1, 1001, "validation_error"),
        (1, 0, "validation_error"),
        (0, 1, "validation_error"),
    ],
)
def test_an_order_has_1_to_50_lines_of_1_to_1000(
    client: Client, lines: int, quantity: int, code: str
) -> None:
    items = [{"productId": UNKNOWN_PRODUCT, "quantity": quantity}] * lines
    answer = client.post("/api/orders", {"items": items, "totalAmount": 1})

    expect_problem(answer, 400 if code == "validation_error" else 422, code)


@pytest.mark.parametrize("amount", [0, 0.01, 1.5, 19.99, 1e3, 1_000_000_000])
def test_an_amount_has_at_most_two_decimals_and_9_zeros(client: Client, amount: float) -> None:
    answer = client.put("/api/inventory/strict", {"stock": 1, "price": amount})

    assert answer.json()["price"] == amount
    expect_problem(
        client.put("/api/inventory/strict", {"stock": 1, "price": amount + 1e9 + 1}), 400, "validation_error"
    )


def test_nothing_was_kept_of_what_was_refused(client: Client) -> None:
    answer = client.post("/api/auth/login", {"email": client.email, "password": PASSWORD})

    assert answer.status_code == 200
