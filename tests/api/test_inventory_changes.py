"""PATCH /api/inventory/:id: adding to the stock, taking from it, and changing the price alone."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.api.conftest import Mongo
from tests.support.client import Client, expect_problem
from tests.support.together import together

Product = Callable[..., str]


def path_of(product_id: str) -> str:
    return f"/api/inventory/{product_id}"


def stored(database: Mongo, product_id: str) -> dict[str, Any]:
    return database["inventories"].find_one({"productId": product_id}) or {}


def test_what_came_in_is_added_and_what_broke_is_taken_away(
    admin: Client, product: Product, database: Mongo
) -> None:
    product_id = product(5, price=2)

    more = admin.patch(path_of(product_id), {"adjust": 20})
    less = admin.patch(path_of(product_id), {"adjust": -22})

    assert (more.status_code, more.json()["stock"]) == (200, 25)
    assert (less.json()["stock"], less.json()["price"]) == (3, 2)
    assert admin.get(path_of(product_id)).json() == less.json()
    assert less.json()["updatedAt"] >= more.json()["updatedAt"]
    assert stored(database, product_id)["received"] == 3


def test_what_is_reserved_is_kept_and_received_moves_alike(
    admin: Client, product: Product, database: Mongo
) -> None:
    product_id = product(5)
    assert admin.order({product_id: 2}).status_code == 201

    admin.patch(path_of(product_id), {"adjust": -3})

    found = stored(database, product_id)
    in_order = sum(hold["quantity"] for hold in found["holds"]) + found.get("sold", 0)
    assert (found["stock"], in_order, found["received"]) == (0, 2, 2)


def test_below_0_it_does_not_go(admin: Client, product: Product) -> None:
    path = path_of(product(5))
    before = admin.get(path).json()

    problem = expect_problem(admin.patch(path, {"adjust": -6, "price": 1}), 409, "stock_too_low")

    assert problem["available"] == 5
    assert "5 are free to sell" in problem["detail"]
    assert admin.get(path).json() == before
    assert admin.patch(path, {"adjust": -5}).json()["stock"] == 0


def test_beyond_what_a_stock_can_be_it_does_not_go(admin: Client, product: Product) -> None:
    path = path_of(product(5))

    problem = expect_problem(admin.patch(path, {"adjust": 999_999_996}), 409, "stock_too_high")

    assert problem["available"] == 5
    assert "add 999999995 at most" in problem["detail"]
    assert admin.patch(path, {"adjust": 999_999_995}).json()["stock"] == 1_000_000_000


def test_a_price_can_be_set_and_removed_alone(admin: Client, product: Product, database: Mongo) -> None:
    product_id = product(5, price=2)
    path = path_of(product_id)

    assert admin.patch(path, {"price": 2.5}).json()["price"] == 2.5
    assert admin.patch(path, {"adjust": 1}).json()["price"] == 2.5
    assert "price" not in admin.patch(path, {"price": None}).json()
    assert admin.patch(path, {"price": 0, "adjust": -1}).json()["price"] == 0
    found = stored(database, product_id)
    assert (found["stock"], found["received"]) == (5, 5)


def test_a_product_of_the_node_app_is_counted_when_its_stock_is_adjusted(
    admin: Client, database: Mongo
) -> None:
    product_id = f"node-{uuid4().hex}"
    database["inventories"].insert_one({"productId": product_id, "stock": 5, "__v": 0})

    assert admin.patch(path_of(product_id), {"adjust": 2}).json()["stock"] == 7
    assert stored(database, product_id)["received"] == 7


def test_one_of_them_is_needed(admin: Client, product: Product) -> None:
    problem = expect_problem(admin.patch(path_of(product(5)), {}), 400, "validation_error")

    assert problem["errors"] == [{"field": "body", "message": "Send adjust, price, or both."}]


def test_a_product_that_is_not_there_is_not_made(admin: Client) -> None:
    path = path_of(f"p-{uuid4().hex}")

    expect_problem(admin.patch(path, {"adjust": 5}), 404, "product_not_found")
    expect_problem(admin.get(path), 404, "product_not_found")


def test_only_an_admin_changes_a_product(anyone: Client, user: Client, product: Product) -> None:
    path = path_of(product(5))

    expect_problem(anyone.patch(path, {"adjust": 5}), 401, "token_missing")
    expect_problem(user.patch(path, {"adjust": 5}), 403, "forbidden")
    assert anyone.get(path).json()["stock"] == 5


def test_adjustments_and_orders_at_once_all_count(admin: Client, api: str, product: Product) -> None:
    product_id, token = product(20), admin.tokens["token"]

    def add() -> int:
        return Client(api).patch(path_of(product_id), {"adjust": 3}, token=token).status_code

    def take() -> int:
        return Client(api).patch(path_of(product_id), {"adjust": -1}, token=token).status_code

    def order() -> int:
        body = {"items": [{"productId": product_id, "quantity": 1}]}
        return Client(api).post("/api/orders", body, token=token).status_code

    statuses = together([add, take, order] * 5)

    assert statuses == [200, 200, 201] * 5
    assert admin.get(path_of(product_id)).json()["stock"] == 20 + 5 * (3 - 1 - 1)


def test_of_many_who_take_the_last_no_one_takes_too_many(admin: Client, api: str, product: Product) -> None:
    product_id, token = product(3), admin.tokens["token"]

    def take() -> int:
        return Client(api).patch(path_of(product_id), {"adjust": -1}, token=token).status_code

    assert sorted(together([take] * 8)) == [200] * 3 + [409] * 5
    assert admin.get(path_of(product_id)).json()["stock"] == 0
