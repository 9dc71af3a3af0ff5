"""What must hold for each product, and reservations that no order will ever settle."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from models import inventory
from models.books import books_of
from models.order import FAILED, PROCESSED, Document, find
from models.product_shape import how_to_mend, sound_holds
from utils import clock

STRAY_AFTER = timedelta(minutes=15)


class StrayHold(NamedTuple):
    """A reservation that no order will ever settle."""

    product_id: str
    order_id: str
    hold_id: str
    quantity: int


def findings() -> Iterator[str]:
    """One line for everything that is wrong with products and their reservations."""
    for product in inventory.inventories().find():
        yield from _check_product(product)
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
    if order.get("status") == FAILED:
        return bool(order.get("settled"))
    items = order.get("items")
    if order.get("status") != PROCESSED or not isinstance(items, list):
        return False
    mine = [item for item in items if isinstance(item, dict) and item.get("productId") == product_id]
    return hold["holdId"] not in [item.get("holdId") for item in mine]


def _check_product(product: Document) -> Iterator[str]:
    books = books_of(product)
    name = f"product {books.name}"
    if books.odd:
        yield f"{name} is odd, and left out: {books.odd}"
        return
    others = len(product.get("holds", ())) - len(list(sound_holds(product)))
    if others:
        yield f"{name}: {others} of its holds are no reservations; {how_to_mend(product)}"
    if books.sold < 0:
        yield f"{name}: sold is {books.sold}"
    if books.received is None:
        yield f"{name}: its books were never counted; run: flask inventory recount"
    elif not books.add_up:
        yield (
            f"{name}: stock {books.stock} + sold {books.sold} + held {books.held} "
            f"is not received {books.received}; run: flask inventory recount"
        )
