"""What must hold for each product, and holds that no order will ever settle."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from models import inventory, reservations
from models.books import books_of
from models.documents import Hold, Product
from models.order import FAILED, PROCESSED, find
from models.order_shape import work_flaw
from models.product_shape import how_to_mend, sound_holds
from utils import clock

STRAY_AFTER = timedelta(minutes=15)


class StrayHold(NamedTuple):
    """A hold that no order will ever settle."""

    product_id: str
    order_id: str
    hold_id: str
    quantity: int


def findings() -> Iterator[str]:
    """One line for everything that is wrong with products and their holds."""
    for product in inventory.inventories().find():
        yield from _check_product(product)
    for stray in find_stray_holds():
        yield f"product {stray.product_id}: stray hold {stray.hold_id} of order {stray.order_id}"


def find_stray_holds() -> Iterator[StrayHold]:
    """Holds older than 15 min whose order is settled Failed, or Processed with another hold, or removed.

    They come from a write that was sent by a process that died, and arrived after the order was settled.
    """
    for product_id, hold in reservations.holds_before(clock.now() - STRAY_AFTER):
        if _is_stray(product_id, hold):
            yield StrayHold(product_id, hold["orderId"], hold["holdId"], hold["quantity"])


def _is_stray(product_id: str, hold: Hold) -> bool:
    order = find(hold["orderId"])
    if order is None:
        return True
    if work_flaw(order) is not None:  # what it was to hold cannot be known
        return False
    if order["status"] == FAILED:
        return bool(order.get("settled"))
    mine = [item.get("holdId") for item in order["items"] if item["productId"] == product_id]
    return order["status"] == PROCESSED and hold["holdId"] not in mine


def _check_product(product: Product) -> Iterator[str]:
    books = books_of(product)
    name = f"product {books.name}"
    if books.odd:
        yield f"{name} is odd, and left out: {books.odd}"
        return
    others = len(product.get("holds", ())) - len(list(sound_holds(product)))
    if others:
        yield f"{name}: {others} entries of its holds are no holds; {how_to_mend(product)}"
    if books.sold < 0:
        yield f"{name}: sold is {books.sold}"
    if books.received is None:
        yield f"{name}: its books were never counted; run: flask inventory recount"
    elif not books.add_up:
        yield (
            f"{name}: stock {books.stock} + sold {books.sold} + held {books.held} "
            f"is not received {books.received}; run: flask inventory recount"
        )
