"""What must hold between orders and stock, read off the database without changing it.

The quick audit takes time in proportion to open work and products; the full one reads every order.
It can run beside a working system: what looks wrong is read again before it is told.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from models import audit_accounts, audit_orders, inventory
from models.order import FAILED, PROCESSED, Document, find
from models.order_shape import work_flaw
from utils import clock

STRAY_AFTER = timedelta(minutes=15)


class StrayHold(NamedTuple):
    """A reservation that no order will ever settle."""

    product_id: str
    order_id: str
    hold_id: str
    quantity: int


def findings(full: bool = False) -> Iterator[str]:
    """One line for everything that is wrong; nothing when all is well."""
    yield from _check_products()
    yield from audit_accounts.findings()
    yield from audit_orders.findings(full)
    for stray in find_stray_holds():
        yield f"product {stray.product_id}: stray hold {stray.hold_id} of order {stray.order_id}"


def find_stray_holds() -> Iterator[StrayHold]:
    """Holds older than 15 min whose order is settled Failed, or Processed with another hold, or gone.

    They come from a write that was sent by a process that died, and arrived after the order was settled.
    """
    for product_id, hold in inventory.holds_before(clock.now() - STRAY_AFTER):
        if _is_stray(product_id, hold):
            yield StrayHold(product_id, hold["orderId"], hold["holdId"], hold["quantity"])


def _is_stray(product_id: str, hold: Document) -> bool:
    order = find(hold["orderId"])
    if order is None:
        return True
    if work_flaw(order) is not None:  # nobody knows what it was to hold
        return False
    if order["status"] == FAILED:
        return bool(order.get("settled"))
    return order["status"] == PROCESSED and hold["holdId"] not in _hold_ids(order, product_id)


def _check_products() -> Iterator[str]:
    for product in inventory.inventories().find():
        name, stock, sold = product["productId"], product["stock"], product.get("sold", 0)
        held = sum(hold["quantity"] for hold in product.get("holds", ()))
        if stock < 0:
            yield f"product {name}: stock is {stock}"
        if sold < 0:
            yield f"product {name}: sold is {sold}"
        received = product.get("received", stock + sold + held)
        if stock + sold + held != received:
            yield f"product {name}: stock {stock} + sold {sold} + held {held} is not received {received}"


def _hold_ids(order: Document, product_id: str) -> list[Any]:
    return [item.get("holdId") for item in order["items"] if item["productId"] == product_id]
