"""POST /api/orders: what is answered, and whose order it is."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.client import Client, expect_problem

Product = Callable[..., str]
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_a_new_order_has_the_shape_of_the_contract(quiet: Client, product: Product) -> None:
    product_id = product(5, 19.99)
    answer = quiet.order({product_id: 2})
    order = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Location"] == f"/api/orders/{order['orderId']}"
    assert answer.headers["X-Request-Id"]
    assert "Idempotent-Replayed" not in answer.headers
    assert _DATE.fullmatch(order["createdAt"])
    assert _DATE.fullmatch(order["updatedAt"])
    assert re.fullmatch(r"[0-9a-f]{24}", order["_id"])
    assert order == {
        "_id": order["_id"],
        "orderId": order["_id"],
        "userId": quiet.user_id,
        "items": [{"productId": product_id, "quantity": 2, "unitPrice": 19.99}],
        "totalAmount": 39.98,
        "status": "Pending",
        "createdAt": order["createdAt"],
        "updatedAt": order["updatedAt"],
    }


def test_the_location_leads_to_the_order(quiet: Client, product: Product) -> None:
    answer = quiet.order({product(5): 2})
    assert quiet.get(answer.headers["Location"]).json() == answer.json()


def test_a_trailing_slash_changes_nothing(quiet: Client, product: Product) -> None:
    body = {"items": [{"productId": product(5), "quantity": 1}]}
    assert quiet.post("/api/orders/", body).status_code == 201


def test_a_201_means_that_the_stock_is_taken(quiet: Client, product: Product) -> None:
    product_id = product(5)
    quiet.order({product_id: 2})
    assert quiet.get(f"/api/inventory/{product_id}").json()["stock"] == 3


def test_lines_of_one_product_are_added_up_and_sorted(quiet: Client, product: Product) -> None:
    first, second = sorted([product(9, 1), product(9, 2)])
    lines = [(second, 1), (first, 2), (second, 3)]
    body = {"items": [{"productId": p, "quantity": q} for p, q in lines]}
    order = quiet.post("/api/orders", body).json()
    assert [(i["productId"], i["quantity"]) for i in order["items"]] == [(first, 2), (second, 4)]
    assert quiet.get(f"/api/inventory/{second}").json()["stock"] == 5


def test_the_users_own_id_is_accepted_and_anyone_elses_refused(
    quiet: Client, product: Product, new_user: Callable[[], Client]
) -> None:
    product_id = product(5)
    assert quiet.order({product_id: 1}, userId=quiet.user_id).status_code == 201
    expect_problem(quiet.order({product_id: 1}, userId=new_user().user_id), 403, "forbidden")
    expect_problem(quiet.order({product_id: 1}, userId="me"), 403, "forbidden")
    assert quiet.get(f"/api/inventory/{product_id}").json()["stock"] == 4


def test_without_a_token_nothing_is_ordered(anyone: Client, product: Product) -> None:
    product_id = product(5)
    expect_problem(anyone.order({product_id: 1}), 401, "token_missing")
    assert anyone.get(f"/api/inventory/{product_id}").json()["stock"] == 5


def test_a_product_that_does_not_exist_is_named(quiet: Client, product: Product) -> None:
    product_id = product(5)
    body = expect_problem(quiet.order({product_id: 1, "no-such": 1, "nor-this": 2}), 422, "unknown_product")
    assert [row["field"] for row in body["errors"]] == ["items", "items"]
    assert "no-such" in body["errors"][0]["message"]
    assert "nor-this" in body["errors"][1]["message"]
    assert quiet.get(f"/api/inventory/{product_id}").json()["stock"] == 5


LINE = {"productId": "p", "quantity": 1}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "items"),
        ({"items": []}, "items"),
        ({"items": LINE}, "items"),
        ({"items": None}, "items"),
        ({"items": ["p"]}, "items.0"),
        ({"items": [LINE] * 51}, "items"),
        ({"items": [{"quantity": 1}]}, "items.0.productId"),
        ({"items": [{"productId": "p"}]}, "items.0.quantity"),
        ({"items": [LINE, {**LINE, "quantity": 0}]}, "items.1.quantity"),
        ({"items": [{**LINE, "quantity": -1}]}, "items.0.quantity"),
        ({"items": [{**LINE, "quantity": 1001}]}, "items.0.quantity"),
        ({"items": [{**LINE, "quantity": 2**70}]}, "items.0.quantity"),
        ({"items": [{**LINE, "quantity": 1.0}]}, "items.0.quantity"),
        ({"items": [{**LINE, "quantity": "1"}]}, "items.0.quantity"),
        ({"items": [{**LINE, "quantity": True}]}, "items.0.quantity"),
        ({"items": [{**LINE, "quantity": {"$gt": 0}}]}, "items.0.quantity"),
        ({"items": [{**LINE, "productId": ""}]}, "items.0.productId"),
        ({"items": [{**LINE, "productId": "x" * 65}]}, "items.0.productId"),
        ({"items": [{**LINE, "productId": "a\tb"}]}, "items.0.productId"),
        ({"items": [{**LINE, "productId": "p\n"}]}, "items.0.productId"),
        ({"items": [{**LINE, "productId": 7}]}, "items.0.productId"),
        ({"items": [{**LINE, "productId": {"$ne": ""}}]}, "items.0.productId"),
        ({"items": [{**LINE, "unitPrice": 0.01}]}, "items.0.unitPrice"),
        ({"items": [LINE], "status": "Processed"}, "status"),
        ({"items": [LINE], "totalAmount": -1}, "totalAmount"),
        ({"items": [LINE], "totalAmount": 0.001}, "totalAmount"),
        ({"items": [LINE], "totalAmount": 1_000_000_000.01}, "totalAmount"),
        ({"items": [LINE], "totalAmount": "10"}, "totalAmount"),
        ({"items": [LINE], "totalAmount": True}, "totalAmount"),
        ({"items": [LINE], "userId": 5}, "userId"),
    ],
)
def test_a_body_that_is_wrong_is_told_where(user: Client, body: Any, field: str) -> None:
    problem = expect_problem(user.post("/api/orders", body), 400, "validation_error")
    assert [row["field"] for row in problem["errors"]] == [field]
    assert all(row["message"] for row in problem["errors"])


@pytest.mark.parametrize("raw", ["", "{", "[]", "null", '{"items": NaN}', '{"items": "\\ud800"}', "\xff"])
def test_what_is_no_json_object_is_a_400(user: Client, raw: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = user.send("POST", "/api/orders", data=raw.encode("latin-1"), headers=headers)
    assert answer.status_code == 400
    assert answer.json()["code"] in ("invalid_json", "validation_error")


def test_the_limits_themselves_are_allowed(quiet: Client, product: Product) -> None:
    ids = [product(1000, 0.01) for _ in range(50)]
    answer = quiet.order(dict.fromkeys(ids, 1000))
    assert answer.status_code == 201
    assert len(answer.json()["items"]) == 50
    assert answer.json()["totalAmount"] == 500
