"""The writes that decide an order. Each is one compare-and-set on one document.

Each takes the order as it was read and returns it as it is after the write, or None when somebody else was
first: then read again and do what the new state asks for. The status is the commit point; stock and mail
follow it and can be repeated.

    insert_intent -> accept -> process | fail | cancel
                  -> reject | expire

While a worker holds the claim of the business step (models/order_step.py), it alone decides.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from models.order import FAILED, PENDING, PROCESSED, Document, orders
from models.order_history import is_full, with_entry
from utils import clock, metrics
from utils.crash_points import crash_point

PURGE_AFTER = timedelta(hours=24)
CANCELLED = "cancelled"  # as a failureReason
# A claimed order is looked at again after this time, should its worker die.
LEASE_SECONDS = 60

_UNDECIDED = {"status": PENDING, "accepted": False}
# The last two hold for all Pending orders, unless another program has made one Pending again.
OPEN = {"status": PENDING, "accepted": {"$ne": False}, "settled": {"$ne": True}, "failureReason": None}


@crash_point
def insert_intent(order: Document) -> bool:
    """Write the order down before anything is reserved. False when its idempotency key is in use.

    A driver that was not answered sends it again, and may then meet what it wrote the first time.
    """
    try:
        orders().insert_one(order)
    except DuplicateKeyError:
        return orders().find_one({"_id": order["_id"]}, {"_id": 1}) is not None
    return True


@crash_point
def claim(order: Document, seconds: float = LEASE_SECONDS) -> Document | None:
    """Take a due order for oneself: nobody else looks at it for that time, unless it is rung for."""
    seen = {"nextActionAt": order["nextActionAt"]}
    return transition(order, seen, None, {"nextActionAt": clock.after(seconds)})


@crash_point
def accept(order: Document, hold_ids: Mapping[str, str], ring_seconds: float) -> Document | None:
    """All items are held: the order is the customer's. A worker looks at it within `ring_seconds`."""
    items = [{**item, "holdId": hold_ids[item["productId"]]} for item in order["items"]]
    changes = {"accepted": True, "items": items, "nextActionAt": clock.after(ring_seconds)}
    return _decide(order, _UNDECIDED, "accepted", changes)


@crash_point
def reject(
    order: Document,
    shortages: Sequence[Mapping[str, Any]],
    remedies: Sequence[Mapping[str, Any]],
    settled: bool,
) -> Document | None:
    """Too little stock. Kept for replays of its key; `settled` says that it holds nothing."""
    changes: Document = {
        "status": FAILED,
        "failureReason": "out_of_stock",
        "shortages": list(shortages),
        "remedies": list(remedies),
        "settled": settled,
    }
    if settled:
        changes["purgeAt"] = clock.now() + PURGE_AFTER
    unset = ("nextActionAt",) if settled else ()
    return _decide(order, _UNDECIDED, "rejected", changes, unset)


@crash_point
def expire(order: Document, reason: str = "expired") -> Document | None:
    """Give an undecided order up. Its idempotency key is free again: nobody was promised anything."""
    same = {**_UNDECIDED, "nextActionAt": order["nextActionAt"]}
    changes = {"status": FAILED, "failureReason": reason, "nextActionAt": clock.after(LEASE_SECONDS)}
    return _decide(order, same, "expired", changes, ("idempotency",))


@crash_point
def process(order: Document, token: str | None = None) -> Document | None:
    """The business step is done: by who holds its claim under that token, or there is none to do."""
    changes = {"status": PROCESSED, **_accepted_until_settled()}
    return _decide(order, {**OPEN, **claimed_by(token)}, "processed", changes, ("step",))


@crash_point
def fail(order: Document, reason: str, token: str | None = None) -> Document | None:
    """The business step failed for good, or whoever was at it died in the last attempt."""
    return _fail(order, "failed", reason, ("step",), token)


@crash_point
def cancel(order: Document) -> Document | None:
    """The customer changed his mind in time. If it was put aside, it is worked on again."""
    return _fail(order, "cancelled", CANCELLED, ("step", "putAside", "faults"))


def claimed_by(token: str | None) -> Document:
    """Matches while the business step is claimed under that token; None: while nobody is at it."""
    if token is not None:
        return {"step.token": token}
    return {"step.until": {"$not": {"$gt": clock.now()}}}  # none, or its lease has run out


def _fail(
    order: Document, event: str, reason: str, unset: Sequence[str], token: str | None = None
) -> Document | None:
    """What attempts have done outside is to be undone: so it must be known how many there were."""
    changes = {"status": FAILED, "failureReason": reason, **_accepted_until_settled()}
    if order.get("attempts"):
        changes["undoOwed"] = True
    same = {**OPEN, **claimed_by(token), **unchanged(order, "attempts")}
    return _decide(order, same, event, changes, unset)


def unchanged(order: Document, name: str) -> Document:
    """Matches while a field is as it was read. Claims count, so `attempts` tells one from the next."""
    return {name: {"$eq": order[name]} if name in order else {"$exists": False}}


def _accepted_until_settled() -> Document:
    """An order of the Node app has no `accepted`; from its decision on it is like all others."""
    return {"accepted": True, "nextActionAt": clock.after(LEASE_SECONDS)}


@crash_point
def mark_settled(order: Document, mail_due: bool) -> Document | None:
    """The stock is booked. An accepted order still owes a mail; on all others nothing is left to do."""
    unsettled = {"status": order["status"], "settled": {"$ne": True}}
    if mail_due:
        changes = {"settled": True, "mail": {"state": "due", "attempts": 0}}
        return transition(order, unsettled, "settled", changes)
    changes = {"settled": True}
    if order.get("accepted") is False:
        changes["purgeAt"] = clock.now() + PURGE_AFTER
    return transition(order, unsettled, "settled", changes, ("nextActionAt",))


@crash_point
def finish(order: Document) -> None:
    """Nothing is left to do: nobody need look at it again."""
    orders().update_one(
        {"_id": order["_id"], "nextActionAt": order["nextActionAt"]},
        {"$unset": {"nextActionAt": ""}},
    )


def transition(
    order: Document,
    expected: Mapping[str, Any],
    event: str | None,
    changes: Mapping[str, Any],
    unset: Sequence[str] = (),
    **details: Any,
) -> Document | None:
    """Compare-and-set: write `changes` and the event if the order is still as `expected`.

    Returns the order with the changes, or None if it is no longer so. `details` go into the event.
    """
    update: Document = {"$set": dict(changes)}
    after = {**order, **changes}
    if unset:
        update["$unset"] = dict.fromkeys(unset, "")
        after = {name: value for name, value in after.items() if name not in unset}
    if event:
        entry = {"at": changes.get("updatedAt", clock.now()), "event": event, **details}
        after["history"] = with_entry(list(order.get("history", ())), entry)
        if is_full(order):
            update["$set"]["history"] = after["history"]
        else:
            update["$push"] = {"history": entry}
    result = orders().update_one({"_id": order["_id"], **expected}, update)
    return after if result.matched_count else None


def _decide(
    order: Document,
    expected: Mapping[str, Any],
    event: str,
    changes: Document,
    unset: Sequence[str] = (),
) -> Document | None:
    details = {"reason": changes["failureReason"]} if "failureReason" in changes else {}
    decided = transition(order, expected, event, {**changes, "updatedAt": clock.now()}, unset, **details)
    if decided is not None:
        metrics.orders.labels(event).inc()
    return decided
