"""GET and PUT /api/inventory/:id."""

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from bson import ObjectId
from flask import Flask

from local_stack.programs import ROOT, clean_environment
from tests.api.conftest import Mongo
from tests.support.client import Client, expect_problem

JAVASCRIPT_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def some_id() -> str:
    return f"p-{uuid4().hex[:16]}"


def shown(client: Client, product_id: str) -> dict[str, Any]:
    answer = client.get(f"/api/inventory/{product_id}")
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


def test_anyone_may_look_at_the_stock_of_a_product(anyone: Client, product: Callable[..., str]) -> None:
    product_id = product(stock=7, price=19.99)

    view = shown(anyone, product_id)

    assert JAVASCRIPT_DATE.fullmatch(view.pop("updatedAt"))
    assert view == {"productId": product_id, "stock": 7, "inStock": True, "price": 19.99}


def test_a_product_without_stock_is_not_in_stock(anyone: Client, product: Callable[..., str]) -> None:
    view = shown(anyone, product(stock=0))

    assert (view["stock"], view["inStock"]) == (0, False)


@pytest.mark.parametrize(
    "product_id", ["nobody-has-this", "x" * 300, "%00", "%F0%9F%90%B4", "$where", "a%20b"]
)
def test_a_product_that_is_not_there_is_a_404(anyone: Client, product_id: str) -> None:
    expect_problem(anyone.get(f"/api/inventory/{product_id}"), 404, "product_not_found")


def test_a_product_of_the_node_app_is_shown_and_can_be_set(admin: Client, database: Mongo) -> None:
    document = {"_id": ObjectId(), "productId": some_id(), "stock": 3, "__v": 0}
    database["inventories"].insert_one(document)
    path = f"/api/inventory/{document['productId']}"

    view = admin.get(path).json()
    assert view == {"productId": document["productId"], "stock": 3, "inStock": True, "updatedAt": None}

    answer = admin.put(path, {"stock": 9, "price": 5})
    assert (answer.status_code, answer.json()["stock"], answer.json()["price"]) == (200, 9, 5)
    assert answer.json()["updatedAt"] is not None


def test_an_admin_makes_a_product_and_sets_it_again(admin: Client) -> None:
    product_id = some_id()

    made = admin.put(f"/api/inventory/{product_id}", {"stock": 4, "price": 2.5})
    changed = admin.put(f"/api/inventory/{product_id}", {"stock": 5, "price": 3})

    assert (made.status_code, changed.status_code) == (201, 200)
    assert made.json().keys() == {"productId", "stock", "inStock", "price", "updatedAt"}
    assert changed.json() == shown(admin, product_id)
    assert (changed.json()["stock"], changed.json()["price"]) == (5, 3)


def test_a_price_stays_when_it_is_left_out_and_goes_with_null(admin: Client) -> None:
    path = f"/api/inventory/{some_id()}"
    admin.put(path, {"stock": 4, "price": 2.5})

    assert admin.put(path, {"stock": 5}).json()["price"] == 2.5
    assert "price" not in admin.put(path, {"stock": 5, "price": None}).json()
    assert "price" not in admin.put(path, {"stock": 6}).json()
    assert admin.put(path, {"stock": 6, "price": 0}).json()["price"] == 0


def test_setting_the_stock_keeps_what_is_reserved(
    admin: Client, product: Callable[..., str], database: Mongo
) -> None:
    product_id = product(stock=5)
    assert admin.order({product_id: 2}).status_code == 201

    admin.put(f"/api/inventory/{product_id}", {"stock": 10})

    stored = database["inventories"].find_one({"productId": product_id}) or {}
    in_order = sum(hold["quantity"] for hold in stored["holds"]) + stored.get("sold", 0)
    assert (stored["stock"], in_order, stored["received"]) == (10, 2, 12)


def test_only_an_admin_sets_stock(anyone: Client, user: Client, product: Callable[..., str]) -> None:
    product_id = product(stock=1)
    path = f"/api/inventory/{product_id}"

    expect_problem(anyone.put(path, {"stock": 9}), 401, "token_missing")
    expect_problem(user.put(path, {"stock": 9}), 403, "forbidden")
    expect_problem(user.put(path, {"stock": "not even valid"}), 403, "forbidden")
    assert shown(anyone, product_id)["stock"] == 1


def test_whom_an_operator_promotes_is_an_admin_at_once(
    user: Client, settings: Mapping[str, str], tmp_path: Path, database: Mongo
) -> None:
    path = f"/api/inventory/{some_id()}"
    expect_problem(user.put(path, {"stock": 9}), 403, "forbidden")

    promoted = subprocess.run(
        [sys.executable, "-m", "flask", "users", "promote", user.email],
        cwd=ROOT,
        env=clean_environment({**settings, "LOCAL_DIR": str(tmp_path)}),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (promoted.returncode, promoted.stdout) == (0, f"{user.email} is an admin now.\n"), promoted.stderr
    assert user.put(path, {"stock": 9}).status_code == 201
    database["users"].update_one({"email": user.email}, {"$unset": {"role": ""}})
    expect_problem(user.put(path, {"stock": 9}), 403, "forbidden")


def test_nobody_is_promoted_under_an_unknown_address(app: Flask) -> None:
    refused = app.test_cli_runner().invoke(args=["users", "promote", "nobody@example.com"])

    assert refused.exit_code == 1
    assert "Nobody is registered as nobody@example.com." in refused.output


def test_what_has_not_changed_is_a_304(admin: Client, product: Callable[..., str]) -> None:
    path = f"/api/inventory/{product(stock=1)}"
    first = admin.get(path)
    known = {"If-None-Match": first.headers["ETag"]}

    same = admin.get(path, headers=known)
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["ETag"] == first.headers["ETag"]
    assert same.headers["X-Request-Id"]

    admin.put(path, {"stock": 2})
    changed = admin.get(path, headers=known)
    assert (changed.status_code, changed.json()["stock"]) == (200, 2)
