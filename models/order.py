"""Orders: the schema, the reads, and what clients see. Port of models/Order.js.

The writes that move an order live in models/order_decisions.py and models/order_mail.py. One document:

    _id, orderId, userId, items [{productId, quantity, unitPrice?, holdId?}]  merged and sorted by productId
    totalAmount, currency?, status, failureReason, accepted, shortages, remedies
    idempotency {id: "<userId>:<key>", fingerprint}
    settled                       stock is booked: sold, or given back
    mail {state: due|claimed|sent|unknown|refused, token, until, attempts, messageId}
    nextActionAt                  when someone must look again; absent = nothing is left to do
    attempts, step {token, until} business steps begun; who is at it, and how long at least (order_step.py)
    undoOwed                      it failed after an attempt, which is still to be undone
    faults, putAside {at, reason} no worker can work on it (order_faults.py): tried again, then a person's
    history [{at, event, ...}]    pushed in the same update as the change it tells of, and bounded
    createdAt, updatedAt          of what clients see; booking and mail do not touch updatedAt
    purgeAt                       for the TTL index, on orders that were never accepted

The Node app wrote `{orderId, userId, items, totalAmount, status, createdAt, updatedAt}` alone. Such an order
counts as accepted, with nothing held and nothing left to do; one that is Pending is taken up by the worker or
by an operator (node_orders.py). Other programs may write anything: order_shape.py says what can be used.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bson import ObjectId
from marshmallow import fields, validate
from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection

from config.db import collection
from models.index_spec import Index
from models.schemas import Amount, StrictInteger, StrictSchema, Text, validate_product_id

Document = dict[str, Any]

PENDING, PROCESSED, FAILED = "Pending", "Processed", "Failed"
STATUSES = (PENDING, PROCESSED, FAILED)
OPEN_MAIL = ("due", "claimed", "unknown")
_NO_MAIL = {"mail.state": {"$nin": OPEN_MAIL}}
_STEPS = [{"status": PENDING, "accepted": {"$ne": False}}, {"undoOwed": {"$exists": True}}]
MAX_QUANTITY = 1000
MAX_LINES = 50

_ID_MARGIN_SECONDS = 3600
_EVER = datetime(1970, 1, 1, tzinfo=UTC)

_VISIBLE = (
    "_id",
    "orderId",
    "userId",
    "items",
    "totalAmount",
    "currency",
    "status",
    "failureReason",
    "createdAt",
    "updatedAt",
)
_VISIBLE_IN_ITEM = ("productId", "quantity", "unitPrice")


class ItemSchema(StrictSchema):
    productId = Text(required=True, validate=validate_product_id)
    quantity = StrictInteger(required=True, validate=validate.Range(min=1, max=MAX_QUANTITY))


class NewOrderSchema(StrictSchema):
    items = fields.List(
        fields.Nested(ItemSchema), required=True, validate=validate.Length(min=1, max=MAX_LINES)
    )
    totalAmount = Amount()
    userId = Text()


def orders() -> Collection[Document]:
    return collection("orders")


# Without it, requests at once with one Idempotency-Key would each make an order.
KEY_INDEX = Index(("idempotency.id",), {"unique": True, "sparse": True}, vital=True)

# `nextActionAt` is sparse rather than partial: a planner need not see that `$lte` implies a partial index's
# filter. The partial ones hold few orders, and are asked for by the very words of their filters.
INDEXES = (
    Index(("orderId",), {"unique": True}, vital=True),
    KEY_INDEX,
    Index(("nextActionAt",), {"sparse": True}),
    Index(("userId", "_id")),
    Index(("userId", "nextActionAt")),
    Index(("purgeAt",), {"expireAfterSeconds": 0}),
    Index(("putAside.at",), {"sparse": True}),
    Index(("status",), {"name": "pending", "partialFilterExpression": {"status": PENDING}}),
    Index(
        ("failureReason",),
        {
            "name": "contradictory",
            "partialFilterExpression": {"status": PROCESSED, "failureReason": {"$exists": True}},
        },
    ),
)


def find(order_id: str) -> Document | None:
    """An order by its orderId or its `_id`. They are equal on all orders but those of the Node app."""
    if ObjectId.is_valid(order_id):
        found = orders().find_one({"_id": ObjectId(order_id)})
        if found is not None:
            return found
    return orders().find_one({"orderId": order_id})


def read_again(order: Document) -> Document | None:
    """The order as it is now."""
    return orders().find_one({"_id": order["_id"]})


def find_by_key(idempotency_id: str) -> Document | None:
    return orders().find_one({"idempotency.id": idempotency_id})


def find_due(now: datetime, limit: int) -> list[Document]:
    """Orders that someone must look at, but for their mails; the longest overdue first."""
    return _find_due(now, limit, _NO_MAIL)


def find_due_steps(now: datetime, limit: int) -> list[Document]:
    """Those of which the business step or its undo is to be done."""
    return _find_due(now, limit, {**_NO_MAIL, "$or": _STEPS})


def find_due_without_steps(now: datetime, limit: int) -> list[Document]:
    """All others but for their mails: short work, which no business step may hold up."""
    return _find_due(now, limit, {**_NO_MAIL, "$nor": _STEPS})


def find_due_mails(now: datetime, limit: int) -> list[Document]:
    """Orders of which only the mail is left to do, and due; the longest overdue first."""
    return _find_due(now, limit, {"mail.state": {"$in": OPEN_MAIL}})


def _find_due(now: datetime, limit: int, which: Mapping[str, Any]) -> list[Document]:
    due = orders().find({"nextActionAt": {"$lte": now}, **which})
    return list(due.sort("nextActionAt", ASCENDING).limit(limit))


def has_unfinished(user_id: ObjectId, count: int) -> bool:
    """Whether on so many orders of a user something is left to do, the mail being the last of it.

    The time makes it a span of the index, in which no other order is.
    """
    unfinished = {"userId": user_id, "nextActionAt": {"$gte": _EVER}}
    return orders().count_documents(unfinished, limit=count) >= count


class Wanted(NamedTuple):
    """Which orders of a list: those with this status, made at `created_after` or later, and earlier than
    `created_before`. None asks for nothing."""

    status: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


def find_page(user_id: ObjectId, wanted: Wanted, before: ObjectId | None, limit: int) -> list[Document]:
    """Up to `limit` accepted orders of a user, newest first, those listed after `before`."""
    found = orders().find(page_filter(user_id, wanted, before), dict.fromkeys(_VISIBLE, 1))
    return list(found.sort("_id", DESCENDING).limit(limit))


def page_filter(user_id: ObjectId, wanted: Wanted, before: ObjectId | None) -> Document:
    """What is asked of the database for a list."""
    span = _without_none(gte=wanted.created_after, lt=wanted.created_before)
    more = {"status": wanted.status, "createdAt": span, "_id": _ids_of(wanted, before)}
    asked = {name: value for name, value in more.items() if value}
    return {"userId": user_id, "accepted": {"$ne": False}, **asked}


def _ids_of(wanted: Wanted, before: ObjectId | None) -> Document:
    """The span of `_id` that the orders are in: lists are indexed by it. It tells when it was made, by the
    clock that `createdAt` is from, a moment earlier; to be sure, an hour more is looked at."""
    first = wanted.created_after and _id_at(wanted.created_after.timestamp() - _ID_MARGIN_SECONDS)
    last = wanted.created_before and _id_at(wanted.created_before.timestamp() + _ID_MARGIN_SECONDS)
    return _without_none(gte=first, lt=min((end for end in (before, last) if end), default=None))


def _id_at(timestamp: float) -> ObjectId:
    """The first `_id` of that second. An `_id` has 32 bits for it: from 1970 to 2106."""
    seconds = min(max(int(timestamp), 0), 2**32 - 1)
    return ObjectId(seconds.to_bytes(4) + bytes(8))


def _without_none(**operators: Any) -> Document:
    return {f"${name}": value for name, value in operators.items() if value is not None}


def find_latest(
    limit: int, status: str | None = None, user_id: ObjectId | None = None, since: datetime | None = None
) -> list[Document]:
    """Up to `limit` orders of anybody, newest first, the rejected ones too. For operators.

    `since` bounds `_id`, which has an index and holds the second of its making.
    """
    wanted: Document = {}
    if status:
        wanted["status"] = status
    if user_id:
        wanted["userId"] = user_id
    if since:
        wanted["_id"] = {"$gte": ObjectId.from_datetime(since)}
    return list(orders().find(wanted).sort("_id", DESCENDING).limit(limit))


def is_accepted(order: Mapping[str, Any]) -> bool:
    """False from the intent until all items are held, and for ever on a rejected order."""
    return order.get("accepted") is not False


def owes_mail(order: Mapping[str, Any]) -> bool:
    """True from the settling of an accepted order until its mail is sent or refused."""
    return order.get("mail", {}).get("state") in OPEN_MAIL


def to_json(order: Mapping[str, Any]) -> Document:
    """What clients see of an order that has no flaw (order_shape.py)."""
    view = {name: order[name] for name in _VISIBLE if order.get(name) is not None}
    view["items"] = [_item_to_json(item) for item in order["items"]]
    return view


def _item_to_json(item: Mapping[str, Any]) -> Document:
    return {name: item[name] for name in _VISIBLE_IN_ITEM if name in item}
