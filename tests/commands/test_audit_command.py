"""`flask audit`: each kind of damage is planted, found, and told in a line."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from bson import ObjectId

from models import inventory, order
from tests.commands.conftest import Run
from tests.support.client import Client
from utils import clock

Product = Callable[..., str]


@pytest.fixture
def planted(app: object) -> Iterator[list[ObjectId]]:
    """Orders that a test damages: taken away afterwards, as the worker would stumble over them."""
    ids: list[ObjectId] = []
    yield ids
    order.orders().delete_many({"_id": {"$in": ids}})


def _lines(run: Run, *options: str) -> list[str]:
    result = run("audit", *options)
    return result.output.splitlines()


def _plant(planted: list[ObjectId], **fields: object) -> str:
    order_id = ObjectId()
    planted.append(order_id)
    now = clock.now()
    order.orders().insert_one(
        {
            "_id": order_id,
            "orderId": str(order_id),
            "userId": ObjectId(),
            "totalAmount": 1,
            "accepted": True,
            "history": [],
            "createdAt": now,
            "updatedAt": now,
            **fields,
        }
    )
    return str(order_id)


def _hold(name: str, order_id: str, age: timedelta) -> None:
    hold = {"orderId": order_id, "holdId": "h1", "quantity": 1, "at": clock.now() - age}
    inventory.inventories().update_one({"productId": name}, {"$inc": {"stock": -1}, "$push": {"holds": hold}})


def test_stock_below_zero_is_found(run: Run, product: Product) -> None:
    name = product(1)
    inventory.inventories().update_one({"productId": name}, {"$inc": {"stock": -2, "received": -2}})

    assert f"product {name}: stock is -1" in _lines(run)
    inventory.set_stock(name, 0, {})


def test_stock_that_does_not_add_up_is_found(run: Run, product: Product) -> None:
    name = product(5)
    inventory.inventories().update_one({"productId": name}, {"$inc": {"sold": 2}})

    result = run("audit")

    assert f"product {name}: stock 5 + sold 2 + held 0 is not received 5" in result.output
    assert result.exit_code == 1
    inventory.inventories().delete_one({"productId": name})


def test_an_accepted_order_without_its_hold_is_found(
    run: Run, product: Product, planted: list[ObjectId]
) -> None:
    name = product(5)
    item = {"productId": name, "quantity": 1, "holdId": "gone"}
    order_id = _plant(planted, status="Pending", items=[item], nextActionAt=clock.after(600))

    assert f"order {order_id}: accepted, but does not hold {name}" in _lines(run)


def test_an_order_that_nobody_works_on_is_found(run: Run, planted: list[ObjectId], product: Product) -> None:
    overdue = clock.now() - timedelta(minutes=6)
    order_id = _plant(planted, status="Failed", items=[], settled=True, nextActionAt=overdue)

    assert any(line.startswith(f"order {order_id}: due since") for line in _lines(run))


@pytest.mark.parametrize("status", ["Failed", "Processed", None])
def test_a_stray_hold_is_found(
    run: Run, product: Product, planted: list[ObjectId], status: str | None
) -> None:
    name = product(5)
    item = {"productId": name, "quantity": 1, "holdId": "another"}
    order_id = str(ObjectId())
    if status:
        order_id = _plant(planted, status=status, items=[item], settled=True)
    _hold(name, order_id, timedelta(minutes=16))

    assert f"product {name}: stray hold h1 of order {order_id}" in _lines(run)
    inventory.free_hold(name, order_id, "h1", 1)


@pytest.mark.parametrize(
    ("fields", "finding"),
    [
        ({"status": "Pending"}, "Pending, and nobody will look at it"),
        ({"status": "Failed"}, "its stock is not booked"),
        ({"status": "Failed", "settled": True}, "its mail is missing"),
        ({"status": "Failed", "settled": True, "mail": {"state": "due"}}, "its mail is due"),
    ],
)
def test_a_full_audit_finds_what_was_forgotten(
    run: Run, planted: list[ObjectId], fields: dict[str, object], finding: str
) -> None:
    order_id = _plant(planted, items=[], **fields)

    assert any(order_id in line and finding in line for line in _lines(run, "--full"))


@pytest.mark.usefixtures("worker")
def test_a_product_whose_orders_went_well_is_not_told_of(run: Run, user: Client, product: Product) -> None:
    name = product(5)
    user.ended(user.order({name: 2}).json()["orderId"])

    assert not [line for line in _lines(run, "--full") if name in line]
