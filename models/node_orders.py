"""Pending orders of the Node app: they have no `nextActionAt`, so that no worker would ever look at them.

The worker takes up those of the last day. Older ones are a person's decision (`flask orders adopt`): it would
mail customers about what they ordered years ago.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from models.documents import Order
from models.order import PENDING, orders
from utils import clock
from utils.crash_points import crash_point
from utils.object_ids import first_id_at

RECENT = timedelta(days=1)

# The first condition by the very words of the index `pending`.
_LEFT: dict[str, Any] = {
    "status": PENDING,
    "accepted": {"$exists": False},
    "nextActionAt": {"$exists": False},
    "putAside": {"$exists": False},
}


def find_recent(older_than_seconds: float) -> list[Order]:
    """The `_id` of those of the last day. Younger ones the Node app may be about to send a message for.

    Bounded by `_id` too, for a MongoDB that does not use the partial index.
    """
    since, until = clock.now() - RECENT, clock.now() - timedelta(seconds=older_than_seconds)
    ids = {"$gte": first_id_at(since), "$lt": first_id_at(until)}
    return list(orders().find({**_LEFT, "_id": ids, "createdAt": {"$gte": since}}, {"_id": 1}))


def find_older() -> Iterator[Order]:
    """Those that the worker leaves alone."""
    for order in orders().find(_LEFT):
        if not is_recent(order):
            yield order


def is_recent(order: Order) -> bool:
    """Whether the worker takes it up by itself."""
    since, order_id, created = clock.now() - RECENT, order["_id"], order.get("createdAt")
    return (
        isinstance(order_id, ObjectId)
        and order_id >= first_id_at(since)
        and isinstance(created, datetime)
        and created >= since
    )


@crash_point
def adopt_order(order: Order) -> bool:
    """Have the worker look at it now. False when another process was first."""
    update = {"$set": {"nextActionAt": clock.now()}}
    return orders().update_one({**_LEFT, "_id": order["_id"]}, update).matched_count == 1
