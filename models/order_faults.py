"""Orders that cannot be worked on: tried again a few times, then put aside until a person takes them back.

`faults` counts the tries that failed, `putAside: {at, reason}` takes the place of `nextActionAt`. Nothing
else is written, as it is not known what is wrong with such a document: not even its history may be one. Each
write is a compare-and-set on what was read: it undoes nothing that another worker has done since.
"""

from collections.abc import Iterator
from typing import Any

from pymongo import ASCENDING

from models.documents import Order
from models.order import orders
from utils import clock, metrics
from utils.crash_points import crash_point

MAX_FAULTS = 5


class CannotWork(Exception):
    """No further try would get on with this order. The text says why, without a value of the document."""


def faults_of(order: Order) -> int:
    """How often working on it has failed so far."""
    faults = order.get("faults")
    return faults if isinstance(faults, int) else 0


@crash_point
def record_fault(order: Order, retry_seconds: float) -> bool:
    """Working on it failed once more: look again later. False when another worker has got on with it."""
    changes = {"faults": faults_of(order) + 1, "nextActionAt": clock.after(retry_seconds)}
    return orders().update_one(_as_read(order), {"$set": changes}).matched_count == 1


@crash_point
def put_aside(order: Order, reason: str) -> bool:
    """No worker looks at it any more. False when another worker has got on with it."""
    aside = {"putAside": {"at": clock.now(), "reason": reason}}
    update = {"$set": aside, "$unset": {"nextActionAt": ""}}
    done = orders().update_one(_as_read(order), update).matched_count == 1
    if done:
        metrics.orders.labels("put_aside").inc()
    return done


@crash_point
def take_back(order: Order) -> bool:
    """Have the worker look at an order that was put aside, now that it is mended."""
    update = {"$unset": {"putAside": "", "faults": ""}, "$set": {"nextActionAt": clock.now()}}
    aside = {"_id": order["_id"], "putAside": {"$exists": True}}
    return orders().update_one(aside, update).matched_count == 1


def find_put_aside() -> Iterator[Order]:
    """All orders that were put aside, the longest first."""
    yield from orders().find({"putAside.at": {"$exists": True}}).sort("putAside.at", ASCENDING)


def _as_read(order: Order) -> dict[str, Any]:
    """`$eq` takes any value for what it is, a regular expression too."""
    due = {"$eq": order["nextActionAt"]} if "nextActionAt" in order else {"$exists": False}
    return {"_id": order["_id"], "nextActionAt": due, "putAside": {"$exists": False}}
