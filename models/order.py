"""Orders: the schema, the reads, and what clients see. Port of models/Order.js.

The writes that move an order live in models/order_decisions.py and models/order_mail.py. One document:

    _id, orderId, userId, items [{productId, quantity, unitPrice?, holdId?}]  merged and sorted by productId
    totalAmount, status, failureReason, accepted, shortages, remedies
    idempotency {id: "<userId>:<key>", fingerprint}
    settled                       stock is booked: sold, or given back
    mail {state: due|claimed|sent|unknown|refused, token, until, attempts, messageId}
    attempts, nextActionAt        when someone must look again; absent = nothing is left to do
    history [{at, event, ...}]    pushed in the same update as the change it tells of
    createdAt, updatedAt          of what clients see; booking and mail do not touch updatedAt
    purgeAt                       for the TTL index, on orders that were never accepted

The Node app wrote `{orderId, userId, items, totalAmount, status, createdAt, updatedAt}` alone. Such an order
counts as accepted, with nothing held and nothing left to do.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from marshmallow import fields, validate
from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection

from config.db import collection
from models.schemas import Amount, StrictInteger, StrictSchema, Text, validate_product_id

Document = dict[str, Any]

PENDING, PROCESSED, FAILED = "Pending", "Processed", "Failed"
STATUSES = (PENDING, PROCESSED, FAILED)
OPEN_MAIL = ("due", "claimed", "unknown")
MAX_QUANTITY = 1000
MAX_LINES = 50

_VISIBLE = (
    "_id",
    "orderId",
    "userId",
    "items",
    "totalAmount",
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


def create_indexes() -> None:
    """Sparse rather than partial: a planner need not see that `$lte` implies a partial index's filter."""
    orders().create_index([("orderId", ASCENDING)], unique=True)
    orders().create_index([("idempotency.id", ASCENDING)], unique=True, sparse=True)
    orders().create_index([("nextActionAt", ASCENDING)], sparse=True)
    orders().create_index([("userId", ASCENDING), ("_id", ASCENDING)])
    orders().create_index([("purgeAt", ASCENDING)], expireAfterSeconds=0)


def find(order_id: str) -> Document | None:
    """An order by its orderId or its `_id`. They are equal on all orders but those of the Node app."""
    if ObjectId.is_valid(order_id):
        found = orders().find_one({"_id": ObjectId(order_id)})
        if found is not None:
            return found
    return orders().find_one({"orderId": order_id})


def find_by_key(idempotency_id: str) -> Document | None:
    return orders().find_one({"idempotency.id": idempotency_id})


def find_due(now: datetime, limit: int) -> list[Document]:
    """Orders that someone must look at, but for their mails; the longest overdue first."""
    return _find_due(now, limit, {"mail.state": {"$nin": OPEN_MAIL}})


def find_due_mails(now: datetime, limit: int) -> list[Document]:
    """Orders of which only the mail is left to do, and due; the longest overdue first."""
    return _find_due(now, limit, {"mail.state": {"$in": OPEN_MAIL}})


def _find_due(now: datetime, limit: int, which: Mapping[str, Any]) -> list[Document]:
    due = orders().find({"nextActionAt": {"$lte": now}, **which})
    return list(due.sort("nextActionAt", ASCENDING).limit(limit))


def find_page(user_id: ObjectId, status: str | None, before: ObjectId | None, limit: int) -> list[Document]:
    """Up to `limit` accepted orders of a user, newest first, those older than `before`."""
    wanted: Document = {"userId": user_id, "accepted": {"$ne": False}}
    if status:
        wanted["status"] = status
    if before:
        wanted["_id"] = {"$lt": before}
    return list(orders().find(wanted, dict.fromkeys(_VISIBLE, 1)).sort("_id", DESCENDING).limit(limit))


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
    """What clients see of an order."""
    view = {name: order[name] for name in _VISIBLE if name in order}
    view["items"] = [_item_to_json(item) for item in order["items"]]
    return view


def _item_to_json(item: Mapping[str, Any]) -> Document:
    return {name: item[name] for name in _VISIBLE_IN_ITEM if name in item}


def as_accepted(order: Mapping[str, Any]) -> Document:
    """The order as it stood when it was accepted: what a replayed request is answered with."""
    accepted_at = next(e["at"] for e in order["history"] if e["event"] == "accepted")
    view = {**to_json(order), "status": PENDING, "updatedAt": accepted_at}
    view.pop("failureReason", None)
    return view
