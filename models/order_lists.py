"""Lists of orders: a user's own in pages, and the latest of all for operators."""

from datetime import datetime
from typing import Any, Final, NamedTuple

from bson import ObjectId
from pymongo import DESCENDING, timeout

from models.documents import Order, Query
from models.order import VISIBLE, orders
from utils.object_ids import first_id_at

_ID_MARGIN_SECONDS: Final = 3600
_LOOK_SECONDS: Final = 2.0


class Wanted(NamedTuple):
    """Which orders of a list: those with this status, made at `created_after` or later, and earlier than
    `created_before`. None asks for nothing."""

    status: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


def find_page(user_id: ObjectId, wanted: Wanted, before: ObjectId | None, limit: int) -> list[Order]:
    """Up to `limit` accepted orders of a user, newest first, those listed after `before`."""
    found = orders().find(page_filter(user_id, wanted, before), dict.fromkeys(VISIBLE, 1))
    return list(found.sort("_id", DESCENDING).limit(limit))


def page_filter(user_id: ObjectId, wanted: Wanted, before: ObjectId | None) -> Query:
    """What is asked of the database for a list."""
    span = _without_none(gte=wanted.created_after, lt=wanted.created_before)
    more = {"status": wanted.status, "createdAt": span, "_id": _ids_of(wanted, before)}
    asked = {name: value for name, value in more.items() if value}
    return {"userId": user_id, "accepted": {"$ne": False}, **asked}


def _ids_of(wanted: Wanted, before: ObjectId | None) -> Query:
    """The span of `_id` that the orders are in: lists are indexed by it. It tells when it was made, by the
    clock that `createdAt` is from, a moment earlier; to be sure, an hour more is looked at."""
    first = wanted.created_after and first_id_at(wanted.created_after, -_ID_MARGIN_SECONDS)
    last = wanted.created_before and first_id_at(wanted.created_before, _ID_MARGIN_SECONDS)
    return _without_none(gte=first, lt=min((end for end in (before, last) if end), default=None))


def _without_none(**operators: Any) -> Query:
    return {f"${name}": value for name, value in operators.items() if value is not None}


def find_latest(
    limit: int, status: str | None = None, user_id: ObjectId | None = None, since: datetime | None = None
) -> list[Order]:
    """Up to `limit` orders of all users, newest first, the rejected ones too. For operators.

    `since` bounds `_id`, which has an index and holds the second of its making.
    """
    wanted: Query = {}
    if status:
        wanted["status"] = status
    if user_id:
        wanted["userId"] = user_id
    if since:
        wanted["_id"] = {"$gte": first_id_at(since)}
    return list(orders().find(wanted).sort("_id", DESCENDING).limit(limit))


def find_statuses(since: datetime, limit: int) -> list[tuple[int, str]]:
    """Of up to `limit` orders made since then: the second in which each was made, and its status."""
    wanted = {"_id": {"$gte": first_id_at(since)}}
    found = orders().find(wanted, {"status": 1}).sort("_id", DESCENDING).limit(limit)
    return [(int(order["_id"].generation_time.timestamp()), str(order.get("status"))) for order in found]


def find_by_request(request_id: str) -> Order | None:
    """The order that a request placed; reads all orders, for 2 s at most: for the local stack."""
    with timeout(_LOOK_SECONDS):
        return orders().find_one({"history.0.requestId": request_id})
