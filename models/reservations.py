"""Reserving stock: an order holds units of its products until they are sold to it or given back.

Each write concerns one product and is safe to repeat; those of one order go in one round trip.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import uuid4

from pymongo import UpdateOne

from models.documents import Hold, Item, Query
from models.inventory import inventories
from models.product_shape import as_integer, sound, sound_holds
from utils import clock, metrics
from utils.crash_points import crash_point

# More holds than this on one product are refused: the document would grow too slow to update.
MAX_HOLDS: Final = 5000
_NOT_CROWDED: Final = {f"holds.{MAX_HOLDS - 1}": {"$exists": False}}


@crash_point
def reserve(order_id: str, items: Sequence[Item]) -> dict[str, str] | None:
    """Hold all items of an order in one round trip: the hold ids by productId, or None if some failed.

    Each try makes fresh hold ids. A hold of an earlier try, or of another request for the same order, is
    never doubled; see `held_for` for what is held after a None.
    """
    now = clock.now()
    hold_ids = {item["productId"]: uuid4().hex for item in items}
    updates = [_hold(order_id, item, hold_ids[item["productId"]], now) for item in items]
    held = inventories().bulk_write(updates, ordered=False).modified_count
    metrics.reservations.labels("held").inc(held)
    metrics.reservations.labels("not_held").inc(len(items) - held)
    return hold_ids if held == len(items) else None


def _hold(order_id: str, item: Item, hold_id: str, now: datetime) -> UpdateOne:
    quantity = item["quantity"]
    hold: Hold = {"orderId": order_id, "holdId": hold_id, "quantity": quantity, "at": now}
    return UpdateOne(
        {
            "productId": item["productId"],
            "stock": {"$gte": quantity},
            "holds.orderId": {"$ne": order_id},
            **_NOT_CROWDED,
        },
        {"$inc": {"stock": -quantity}, "$push": {"holds": hold}, "$set": {"updatedAt": now}},
    )


class Holding(NamedTuple):
    """Of one product: what is free to sell, and the order's own hold, or None."""

    stock: int
    hold_id: str | None


def held_for(order_id: str, product_ids: Iterable[str]) -> dict[str, Holding]:
    """What the order holds of those of the products that there are, by productId."""
    found = inventories().find(
        {"productId": {"$in": list(product_ids)}},
        {"productId": 1, "stock": 1, "holds": {"$elemMatch": {"orderId": order_id}}},
    )
    return {
        product["productId"]: Holding(
            as_integer(product.get("stock")) or 0,
            next((hold["holdId"] for hold in sound_holds(product)), None),
        )
        for product in found
    }


@crash_point
def settle_sold(order_id: str, items: Iterable[Item]) -> None:
    """Turn the holds that the accepted order names into sales. Repeating it changes nothing."""
    ends = (_end_hold(order_id, item, item["holdId"], "sold") for item in items if "holdId" in item)
    metrics.reservations.labels("sold").inc(_settle(ends))


@crash_point
def settle_returned(order_id: str, items: Iterable[Item]) -> None:
    """Give back whatever the order holds, under any hold id. Repeating it changes nothing."""
    returned = _settle(_end_hold(order_id, item, None, "stock") for item in items)
    metrics.reservations.labels("returned").inc(returned)


@crash_point
def free_hold(product_id: str, order_id: str, hold_id: str, quantity: int) -> bool:
    """Give one stray hold back to the stock. False when it is not there any more."""
    item: Item = {"productId": product_id, "quantity": quantity}
    returned = _settle([_end_hold(order_id, item, hold_id, "stock")])
    metrics.reservations.labels("returned").inc(returned)
    return returned == 1


def holds_before(moment: datetime) -> Iterator[tuple[str, Hold]]:
    """Every hold made before that moment, with its productId. Those of odd products wait for a mend:
    nothing can be given back to a stock that is no number."""
    for product in inventories().find({"holds.at": {"$lt": moment}}):
        for hold in sound_holds(product) if sound(product) else ():
            if hold["at"] < moment:
                yield product["productId"], hold


def _settle(updates: Iterable[UpdateOne]) -> int:
    writes = list(updates)
    return inventories().bulk_write(writes, ordered=False).modified_count if writes else 0


def _end_hold(order_id: str, item: Item, hold_id: str | None, to: str) -> UpdateOne:
    """Units that are given back can be seen, so `updatedAt` moves; those sold were taken off before."""
    hold = {"orderId": order_id} if hold_id is None else {"orderId": order_id, "holdId": hold_id}
    update: Query = {"$pull": {"holds": hold}, "$inc": {to: item["quantity"]}}
    if to == "stock":
        update["$set"] = {"updatedAt": clock.now()}
    return UpdateOne({"productId": item["productId"], "holds": {"$elemMatch": hold}}, update)
