"""The writes that decide an order. Each is one compare-and-set on one document.

Each takes the order as it was read and returns it as it is after the write, or None when another process
was first: then read again and do what the new state asks for. The status is the commit point; stock and mail
follow it and can be repeated.

    insert_intent -> accept -> process | fail | cancel
                  -> reject | expire

While a worker holds the claim of the business step (models/order_step.py), it alone decides.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, cast

from pymongo.errors import DuplicateKeyError

from models.documents import Event, FailureReason, HistoryEntry, Order, Query, Remedy, Shortage
from models.order import FAILED, PENDING, PROCESSED, orders
from models.order_history import is_full, with_entry
from utils import clock, metrics
from utils.crash_points import crash_point

PURGE_AFTER = timedelta(hours=24)
CANCELLED: Final = "cancelled"  # as a failureReason
# A claimed order is looked at again after this time, should its worker die.
LEASE_SECONDS = 60

_UNDECIDED = {"status": PENDING, "accepted": False}
# The last two hold for all Pending orders, unless another program has made one Pending again.
OPEN = {"status": PENDING, "accepted": {"$ne": False}, "settled": {"$ne": True}, "failureReason": None}


@crash_point
def insert_intent(order: Order) -> bool:
    """Write the order down before anything is reserved. False when its idempotency key is in use.

    A driver that was not answered sends it again, and may then meet what it wrote the first time.
    """
    try:
        orders().insert_one(order)
    except DuplicateKeyError:
        return orders().find_one({"_id": order["_id"]}, {"_id": 1}) is not None
    return True


@crash_point
def claim(order: Order, seconds: float = LEASE_SECONDS) -> Order | None:
    """Take a due order for oneself: no other worker looks at it for that time, unless a message comes."""
    seen = {"nextActionAt": order["nextActionAt"]}
    return transition(order, seen, None, {"nextActionAt": clock.after(seconds)})


@crash_point
def accept(order: Order, hold_ids: Mapping[str, str], ring_seconds: float) -> Order | None:
    """All items are held: the order is the customer's. A worker looks at it within `ring_seconds`."""
    items = [{**item, "holdId": hold_ids[item["productId"]]} for item in order["items"]]
    changes = {"accepted": True, "items": items, "nextActionAt": clock.after(ring_seconds)}
    return _decide(order, _UNDECIDED, "accepted", changes)


@crash_point
def reject(
    order: Order,
    shortages: Sequence[Shortage],
    remedies: Sequence[Remedy],
    settled: bool,
) -> Order | None:
    """Too little stock. Kept for replays of its key; `settled` says that it holds nothing."""
    changes: Query = {
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
def expire(order: Order, reason: FailureReason = "expired") -> Order | None:
    """Give an undecided order up. Its idempotency key is free again: no client was promised anything."""
    same = {**_UNDECIDED, "nextActionAt": order["nextActionAt"]}
    changes: Query = {"status": FAILED, "failureReason": reason, "nextActionAt": clock.after(LEASE_SECONDS)}
    return _decide(order, same, "expired", changes, ("idempotency",))


@crash_point
def process(order: Order, token: str | None = None) -> Order | None:
    """The business step is done: by who holds its claim under that token, or there is none to do."""
    changes: Query = {"status": PROCESSED, **_accepted_until_settled()}
    return _decide(order, {**OPEN, **claimed_by(token)}, "processed", changes, ("step",))


@crash_point
def fail(order: Order, reason: FailureReason, token: str | None = None) -> Order | None:
    """The business step failed for good, or the worker died in the last attempt."""
    return _fail(order, "failed", reason, ("step",), token)


@crash_point
def cancel(order: Order) -> Order | None:
    """The customer changed his mind in time. If it was put aside, it is worked on again."""
    return _fail(order, "cancelled", CANCELLED, ("step", "putAside", "faults"))


def claimed_by(token: str | None) -> Query:
    """Matches while the business step is claimed under that token; None: while no worker is at it."""
    if token is not None:
        return {"step.token": token}
    return {"step.until": {"$not": {"$gt": clock.now()}}}  # none, or its lease has run out


def _fail(
    order: Order, event: Event, reason: FailureReason, unset: Sequence[str], token: str | None = None
) -> Order | None:
    """What attempts have done outside is to be undone: so it must be known how many there were."""
    changes: Query = {"status": FAILED, "failureReason": reason, **_accepted_until_settled()}
    if order.get("attempts"):
        changes["undoOwed"] = True
    same = {**OPEN, **claimed_by(token), **unchanged(order, "attempts")}
    return _decide(order, same, event, changes, unset)


def unchanged(order: Mapping[str, Any], name: str) -> Query:
    """Matches while a field is as it was read. Claims count, so `attempts` tells one from the next."""
    return {name: {"$eq": order[name]} if name in order else {"$exists": False}}


def _accepted_until_settled() -> Query:
    """An order of the Node app has no `accepted`; from its decision on it is like all others."""
    return {"accepted": True, "nextActionAt": clock.after(LEASE_SECONDS)}


@crash_point
def mark_settled(order: Order, mail_due: bool) -> Order | None:
    """Its holds are sold or given back. An accepted order still owes a mail; all others are done with."""
    unsettled = {"status": order["status"], "settled": {"$ne": True}}
    if mail_due:
        changes = {"settled": True, "mail": {"state": "due", "attempts": 0}}
        return transition(order, unsettled, "settled", changes)
    changes = {"settled": True, "purgeAt": clock.now() + PURGE_AFTER}
    return transition(order, unsettled, "settled", changes, ("nextActionAt",))


@crash_point
def finish(order: Order) -> None:
    """Nothing is left to do: no worker need look at it again."""
    orders().update_one(
        {"_id": order["_id"], "nextActionAt": order["nextActionAt"]},
        {"$unset": {"nextActionAt": ""}},
    )


def transition(
    order: Order,
    expected: Mapping[str, Any],
    event: Event | None,
    changes: Mapping[str, Any],
    unset: Sequence[str] = (),
    **details: Any,
) -> Order | None:
    """Compare-and-set: write `changes` and the event if the order is still as `expected`.

    Returns the order with the changes, or None if it is no longer so. `details` go into the event.
    """
    update: Query = {"$set": dict(changes)}
    after: Query = {**order, **changes}
    if unset:
        update["$unset"] = dict.fromkeys(unset, "")
        after = {name: value for name, value in after.items() if name not in unset}
    if event:
        entry = cast(HistoryEntry, {"at": changes.get("updatedAt", clock.now()), "event": event, **details})
        after["history"] = with_entry(list(order.get("history", ())), entry)
        if is_full(order):
            update["$set"]["history"] = after["history"]
        else:
            update["$push"] = {"history": entry}
    result = orders().update_one({"_id": order["_id"], **expected}, update)
    return cast(Order, after) if result.matched_count else None


def _decide(
    order: Order,
    expected: Mapping[str, Any],
    event: Event,
    changes: Query,
    unset: Sequence[str] = (),
) -> Order | None:
    details = {"reason": changes["failureReason"]} if "failureReason" in changes else {}
    decided = transition(order, expected, event, {**changes, "updatedAt": clock.now()}, unset, **details)
    if decided is not None:
        metrics.orders.labels(event).inc()
    return decided
