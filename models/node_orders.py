"""Pending orders of the Node app: they have no `nextActionAt`, so that nobody would ever look at them.

The worker takes up those of the last day. Older ones are a person's decision (`flask orders adopt`): it would
mail customers about what they ordered years ago.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from models.order import PENDING, Document, orders
from utils import clock
from utils.crash_points import crash_point

RECENT = timedelta(days=1)

# The first condition by the very words of the index `pending`.
_LEFT: dict[str, Any] = {
    "status": PENDING,
    "accepted": {"$exists": False},
    "nextActionAt": {"$exists": False},
    "putAside": {"$exists": False},
}


def find_recent(older_than_seconds: float) -> list[Document]:
    """The `_id` of those of the last day. Younger ones the Node app may be about to ring for.

    Bounded by `_id` too, for a MongoDB that does not use the partial index.
    """
    since, until = clock.now() - RECENT, clock.now() - timedelta(seconds=older_than_seconds)
    ids = {"$gte": ObjectId.from_datetime(since), "$lt": ObjectId.from_datetime(until)}
    return list(orders().find({**_LEFT, "_id": ids, "createdAt": {"$gte": since}}, {"_id": 1}))


def find_older() -> Iterator[Document]:
    """Those that the worker leaves alone."""
    for order in orders().find(_LEFT):
        if not is_recent(order):
            yield order


def is_recent(order: Document) -> bool:
    """Whether the worker takes it up by itself."""
    since, order_id, created = clock.now() - RECENT, order["_id"], order.get("createdAt")
    return (
        isinstance(order_id, ObjectId)
        and order_id >= ObjectId.from_datetime(since)
        and isinstance(created, datetime)
        and created >= since
    )


@crash_point
def adopt_order(order: Document) -> bool:
    """Have the worker look at it now. False when somebody else was first."""
    update = {"$set": {"nextActionAt": clock.now()}}
    return orders().update_one({**_LEFT, "_id": order["_id"]}, update).matched_count == 1
