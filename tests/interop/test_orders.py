"""Orders and stock in one database: what Node reads and writes, and what stays of ours."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from bson import ObjectId

from tests.interop.conftest import Pair
from tests.interop.test_accounts import ask
from tests.support.client import Client, expect_problem
from tests.support.waiting import wait_for

# What the schema of the Node deployment names.
SEEN_BY_NODE = {"_id", "orderId", "userId", "items", "totalAmount", "status", "createdAt", "updatedAt"}


def finished(pair: Pair, user: Client, product_id: str = "") -> dict[str, Any]:
    """An order of ours, made, processed and mailed, as it stands in the database."""
    made = user.order({product_id or pair.product(5): 2}, totalAmount=19.5)
    assert made.status_code == 201, made.text
    order_id = made.json()["orderId"]

    def at_rest() -> dict[str, Any] | None:
        order = pair.room.order(order_id)
        return order if "nextActionAt" not in order and order["status"] == "Processed" else None

    return wait_for(at_rest, "the order to be done") or {}


def differences(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    return {name for name in {**one, **other} if one.get(name) != other.get(name)}


def test_stock_that_mongoose_wrote_is_ordered_here_and_the_books_are_right(pair: Pair) -> None:
    product_id = pair.product(3)
    user = pair.customer()

    finished(pair, user, product_id)

    assert pair.hand.do("find", model="Inventory", filter={"productId": product_id})["stock"] == 1
    expect_problem(user.order({product_id: 2}, totalAmount=1), 409, "out_of_stock")
    # Products that come after `flask indexes create` have books once they are counted.
    assert pair.room.flask("inventory", "recount", "--yes").returncode == 0
    audit = pair.room.flask("audit")
    assert audit.returncode == 0, audit.stdout


def test_stock_that_mongoose_saves_anew_loses_no_hold_and_no_sale(pair: Pair) -> None:
    product_id = pair.product(5)
    finished(pair, pair.customer(), product_id)
    before = pair.room.stock(product_id)

    pair.hand.do("save", model="Inventory", filter={"productId": product_id}, set={"stock": 40})

    after = pair.room.stock(product_id)
    assert differences(before, after) == {"stock", "updatedAt"}
    assert pair.customer().order({product_id: 40}, totalAmount=1).status_code == 201
    assert product_id in pair.room.flask("audit").stdout, "its books do not add up"
    assert pair.room.flask("inventory", "recount", product_id, "--yes").returncode == 0


def test_node_shows_an_order_of_ours_as_its_schema_has_it_and_all_else_that_we_keep_in_it(pair: Pair) -> None:
    user = pair.customer()
    order = finished(pair, user)

    seen = ask(pair.node, f"/api/orders/{order['_id']}", token=user.tokens["token"]).json()
    ours = user.get(f"/api/orders/{order['_id']}").json()

    assert seen.keys() >= SEEN_BY_NODE
    assert {name: seen[name] for name in SEEN_BY_NODE - {"items"}} == {
        name: ours[name] for name in SEEN_BY_NODE - {"items"}
    }
    assert [(item["productId"], item["quantity"]) for item in seen["items"]] == [
        (item["productId"], item["quantity"]) for item in ours["items"]
    ]


@pytest.mark.parametrize("way", ["save", "update"])
def test_an_order_that_mongoose_writes_keeps_every_field_of_ours(pair: Pair, way: str) -> None:
    order = finished(pair, pair.customer())

    pair.hand.do(way, model="Order", filter={"orderId": order["orderId"]}, set={"totalAmount": 20.5})

    after = pair.room.order(order["orderId"])
    assert differences(order, after) == {"totalAmount", "updatedAt"}


def test_an_order_whose_items_mongoose_changed_is_shown_here(pair: Pair) -> None:
    user = pair.customer()
    order = finished(pair, user)
    items = [{"productId": order["items"][0]["productId"], "quantity": 1}]

    pair.hand.do("save", model="Order", filter={"orderId": order["orderId"]}, set={"items": items})

    shown = user.get(f"/api/orders/{order['_id']}")
    assert shown.status_code == 200, shown.text


def order_of_node(pair: Pair, user: Client, age: timedelta) -> str:
    """A Pending order as mongoose writes it."""
    at = datetime.now(UTC) - age
    fields = {
        "_id": str(ObjectId(ObjectId.from_datetime(at).binary[:4] + ObjectId().binary[4:])),
        "orderId": f"ORD {uuid4().hex[:8]}",
        "userId": user.user_id,
        "items": [{"productId": "book", "quantity": 2}],
        "totalAmount": 19.5,
        "createdAt": at.isoformat(),
    }
    made = pair.hand.do("create", model="Order", fields=fields)
    assert made["status"] == "Pending"
    return str(made["orderId"])


def test_its_pending_orders_of_the_last_day_are_processed_and_mailed_by_our_worker(pair: Pair) -> None:
    user = pair.customer()
    order_id = order_of_node(pair, user, timedelta(hours=2))

    assert user.ended(order_id)["status"] == "Processed"

    assert [mail["subject"] for mail in wait_for(user.mails, "the mail")] == [
        f"Order {order_id} Status Update"
    ]
    seen = pair.hand.do("find", model="Order", filter={"orderId": order_id})
    assert (seen["status"], seen["__v"]) == ("Processed", 0)


def test_an_older_one_is_left_alone_and_the_audit_names_it(pair: Pair) -> None:
    user = pair.customer()
    order_id = order_of_node(pair, user, timedelta(days=2))

    audit = pair.room.flask("audit")

    assert audit.returncode != 0
    assert order_id in audit.stdout + audit.stderr
    assert user.get(f"/api/orders/{order_id}").json()["status"] == "Pending"
    pair.room.database["orders"].delete_one({"orderId": order_id})
