"""What a document must look like for us to show an order or to work on it: other programs write here too.

Each check says in a few words what is wrong, or None. The words never hold a value of the document, so they
may stand in a log line.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from math import isfinite
from typing import Any, cast, get_args

from bson import ObjectId

from models.documents import HistoryEntry, MailState
from models.order import FAILED, PENDING, PROCESSED, STATUSES
from utils import tracing

MAIL_STATES: tuple[MailState, ...] = get_args(MailState)
# The events that decide an order, and the status that each goes with.
_DECISIONS = {
    "processed": PROCESSED,
    "failed": FAILED,
    "cancelled": FAILED,
    "rejected": FAILED,
    "expired": FAILED,
}
# What an entry may hold: anything else cannot be written as JSON.
_PLAIN = (str, int, float, datetime, ObjectId, type(None))


def view_flaw(order: Mapping[str, Any], ids: type = ObjectId, times: type = datetime) -> str | None:
    """Why an order cannot be shown. In the cache, ids and times are text."""
    kinds = {"_id": ids, "orderId": str, "userId": ids, "items": list, "createdAt": times, "updatedAt": times}
    return next(_view_flaws(order, kinds), None)


def work_flaw(order: Mapping[str, Any]) -> str | None:
    """Why an order, read as a whole, cannot be worked on."""
    return view_flaw(order) or next(_work_flaws(order), None)


def obstacle(order: Mapping[str, Any]) -> str | None:
    """Why a worker must keep its hands off an order."""
    return work_flaw(order) or contradiction(order)


def contradiction(order: Mapping[str, Any]) -> str | None:
    """How the status of an order contradicts what we wrote down when we decided it."""
    status, decided = order["status"], _decided(order)
    if decided not in (None, status):
        return f"status is {status}, but its history says {decided}"
    if status != FAILED and order.get("failureReason") is not None:
        return f"status is {status}, but it has a failureReason"
    if status == PENDING and (order.get("settled") or "mail" in order):
        return "status is Pending, but its stock is booked"
    if status == PROCESSED and "step" in order:
        return "status is Processed, but its business step is not done"
    if "undoOwed" in order and (status != FAILED or order.get("settled")):
        return "its undo is owed, but it is not Failed, or its stock is booked"
    return None


def booked_as(order: Mapping[str, Any]) -> str:
    """The status under which its stock was booked: the one that we decided, whatever it says now."""
    decided = _decided(order)
    return str(order["status"]) if decided is None else decided


def events_of(order: Mapping[str, Any]) -> list[HistoryEntry]:
    """The usable entries of an order's history: those with an event and a time, without odd fields, and
    without what is for tracing alone."""
    history = order.get("history")
    entries = [entry for entry in history if isinstance(entry, dict)] if isinstance(history, list) else []
    plain = [{k: v for k, v in e.items() if isinstance(v, _PLAIN) and k != tracing.FIELD} for e in entries]
    whole = [e for e in plain if isinstance(e.get("event"), str) and isinstance(e.get("at"), datetime)]
    return cast(list[HistoryEntry], whole)


def printable_id(order: Mapping[str, Any]) -> str:
    """By what commands find it: another program's orderId may hold what a terminal would obey."""
    order_id = order.get("orderId")
    return order_id if isinstance(order_id, str) and order_id.isprintable() else str(order["_id"])


def request_id_of(order: Mapping[str, Any]) -> str | None:
    """The id of the request that placed the order, if its history tells."""
    events = events_of(order)
    first = events[0].get("requestId") if events else None
    return first if isinstance(first, str) else None


def _decided(order: Mapping[str, Any]) -> str | None:
    decisions = [_DECISIONS[e["event"]] for e in events_of(order) if e["event"] in _DECISIONS]
    return decisions[-1] if decisions else None


def _view_flaws(order: Mapping[str, Any], kinds: Mapping[str, type]) -> Iterator[str]:
    for name, kind in kinds.items():
        if not isinstance(order.get(name), kind):
            yield _told(name, order, kind.__name__)
    if not _is_number(order.get("totalAmount")):
        yield _told("totalAmount", order, "a number")
    if order.get("status") not in STATUSES:
        yield f"status is none of {', '.join(STATUSES)}"
    if not isinstance(order.get("failureReason"), str | None):
        yield _told("failureReason", order, "str")
    for number, item in enumerate(order["items"]):
        yield from _item_flaws(f"items.{number}", item)


def _item_flaws(name: str, item: Any) -> Iterator[str]:
    if not isinstance(item, dict):
        yield f"{name} is no document"
        return
    if not isinstance(item.get("productId"), str):
        yield _told("productId", item, "str", name)
    if not _is_number(item.get("quantity")):
        yield _told("quantity", item, "a number", name)
    if "unitPrice" in item and not _is_number(item["unitPrice"]):
        yield _told("unitPrice", item, "a number", name)


def _work_flaws(order: Mapping[str, Any]) -> Iterator[str]:
    """Of the fields that the Node app does not know: each may be missing."""
    kinds = {
        "accepted": bool,
        "settled": bool,
        "history": list,
        "mail": dict,
        "nextActionAt": datetime,
        "step": dict,
        "undoOwed": bool,
    }
    for name, kind in kinds.items():
        if name in order and not isinstance(order[name], kind):
            yield _told(name, order, kind.__name__)
    if not _is_number(order.get("attempts", 0)):
        yield _told("attempts", order, "a number")
    if "mail" in order:
        yield from _mail_flaws(order["mail"])
    if "step" in order:
        yield from _step_flaws(order["step"])


def _step_flaws(step: Mapping[str, Any]) -> Iterator[str]:
    for name, kind in (("token", str), ("until", datetime)):
        if not isinstance(step.get(name), kind):
            yield _told(name, step, kind.__name__, "step")


def _mail_flaws(mail: Mapping[str, Any]) -> Iterator[str]:
    if mail.get("state") not in MAIL_STATES:
        yield f"mail.state is none of {', '.join(MAIL_STATES)}"
    if not _is_number(mail.get("attempts")):
        yield _told("attempts", mail, "a number", "mail")
    if mail.get("state") == "claimed" and not isinstance(mail.get("token"), str):
        yield _told("token", mail, "str", "mail")


def _told(name: str, document: Mapping[str, Any], wanted: str, within: str = "") -> str:
    path = f"{within}.{name}" if within else name
    if name not in document:
        return f"{path} is missing"
    return f"{path} is {type(document[name]).__name__} instead of {wanted}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
