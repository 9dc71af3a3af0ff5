"""Orders: the schema, the reads, and what clients see. Port of models/Order.js.

models/documents.py has the shape of the document. The writes that move an order live in order_decisions.py,
order_step.py, order_mail.py and order_faults.py; order_lists.py reads many at once.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, get_args

from bson import ObjectId
from marshmallow import fields, validate
from pymongo import ASCENDING
from pymongo.collection import Collection

from config.resources import resources
from models.documents import MailState, Order, Status, View
from models.index_spec import Index
from models.schemas import Amount, StrictInteger, StrictSchema, Text, validate_product_id

PENDING: Final = "Pending"
PROCESSED: Final = "Processed"
FAILED: Final = "Failed"
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
OPEN_MAIL: Final[tuple[MailState, ...]] = ("due", "claimed", "unknown")
_NO_MAIL = {"mail.state": {"$nin": OPEN_MAIL}}
_STEPS = [{"status": PENDING, "accepted": {"$ne": False}}, {"undoOwed": {"$exists": True}}]
MAX_QUANTITY = 1000
MAX_LINES = 50

_EVER = datetime(1970, 1, 1, tzinfo=UTC)

VISIBLE = (
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


def orders() -> Collection[Order]:
    return resources().mongodb.collection("orders")


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


def find(order_id: str) -> Order | None:
    """An order by its orderId or its `_id`. They are equal on all orders but those of the Node app."""
    if ObjectId.is_valid(order_id):
        found = orders().find_one({"_id": ObjectId(order_id)})
        if found is not None:
            return found
    return orders().find_one({"orderId": order_id})


def read_again(order: Order) -> Order | None:
    """The order as it is now."""
    return orders().find_one({"_id": order["_id"]})


def find_by_key(idempotency_id: str) -> Order | None:
    return orders().find_one({"idempotency.id": idempotency_id})


def find_due(now: datetime, limit: int) -> list[Order]:
    """Orders that a worker must look at, but for their mails; the longest overdue first."""
    return _find_due(now, limit, _NO_MAIL)


def find_due_steps(now: datetime, limit: int) -> list[Order]:
    """Those of which the business step or its undo is to be done."""
    return _find_due(now, limit, {**_NO_MAIL, "$or": _STEPS})


def find_due_without_steps(now: datetime, limit: int) -> list[Order]:
    """All others but for their mails: short work, which no business step may hold up."""
    return _find_due(now, limit, {**_NO_MAIL, "$nor": _STEPS})


def find_due_mails(now: datetime, limit: int) -> list[Order]:
    """Orders of which only the mail is left to do, and due; the longest overdue first."""
    return _find_due(now, limit, {"mail.state": {"$in": OPEN_MAIL}})


def _find_due(now: datetime, limit: int, which: Mapping[str, Any]) -> list[Order]:
    due = orders().find({"nextActionAt": {"$lte": now}, **which})
    return list(due.sort("nextActionAt", ASCENDING).limit(limit))


def has_unfinished(user_id: ObjectId, count: int) -> bool:
    """Whether on so many orders of a user something is left to do, the mail being the last of it.

    The time makes it a span of the index, in which no other order is.
    """
    unfinished = {"userId": user_id, "nextActionAt": {"$gte": _EVER}}
    return orders().count_documents(unfinished, limit=count) >= count


def count_put_aside(most: int) -> int:
    """How many orders wait for a person to mend them, up to `most`."""
    return orders().count_documents({"putAside.at": {"$exists": True}}, limit=most)


def is_accepted(order: Mapping[str, Any]) -> bool:
    """False from the intent until all items are held, and for ever on a rejected order."""
    return order.get("accepted") is not False


def owes_mail(order: Mapping[str, Any]) -> bool:
    """True from the settling of an accepted order until its mail is sent or refused."""
    return order.get("mail", {}).get("state") in OPEN_MAIL


def to_json(order: Mapping[str, Any]) -> View:
    """What clients see of an order that has no flaw (order_shape.py)."""
    view = {name: order[name] for name in VISIBLE if order.get(name) is not None}
    view["items"] = [_item_to_json(item) for item in order["items"]]
    return view


def _item_to_json(item: Mapping[str, Any]) -> View:
    return {name: item[name] for name in _VISIBLE_IN_ITEM if name in item}
