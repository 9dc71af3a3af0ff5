"""The shapes of all documents in the database, and the words that stand in them.

They say what this program writes. Other programs write here too: order_shape.py and product_shape.py find out
what of a document can be used. A field that is NotRequired may be missing on orders and products of ours.
"""

from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from bson import ObjectId

Status = Literal["Pending", "Processed", "Failed"]
FailureReason = Literal["out_of_stock", "expired", "unavailable", "cancelled", "processing_error"]
MailState = Literal["due", "claimed", "unknown", "sent", "refused"]
# What became of a mail that SES took, as far as SES tells (services/mail_events.py).
Delivery = Literal["delivered", "bounced", "rejected", "complained"]
Event = Literal[
    "received",
    "accepted",
    "rejected",
    "expired",
    "attempt_begun",
    "attempt_failed",
    "processed",
    "failed",
    "cancelled",
    "undone",
    "settled",
    "mail_claimed",
    "mail_sent",
    "mail_not_sent",
    "mail_unknown",
    "mail_refused",
    "mail_requested",
    "mail_delivered",
    "mail_bounced",
    "mail_rejected",
    "mail_complained",
    "taken_up",
]

# A filter or an update, in MongoDB's own words.
Query = dict[str, Any]
# What clients see of a document, ready to be written as JSON.
View = dict[str, Any]


class Item(TypedDict):
    """One product of an order: lines of one product are added up, and sorted by productId."""

    productId: str
    quantity: int
    unitPrice: NotRequired[float]  # of the moment when it was ordered
    holdId: NotRequired[str]  # from the acceptance on


class Mail(TypedDict):
    """The mail about an order that has ended."""

    state: MailState
    attempts: int
    token: NotRequired[str]  # of the worker that has claimed it
    until: NotRequired[datetime]
    messageId: NotRequired[str]  # as SES gave it
    reason: NotRequired[str]  # why it was refused
    delivery: NotRequired[Delivery]


class StepClaim(TypedDict):
    """Which worker is at the business step, and how long at least (order_step.py)."""

    token: str
    until: datetime


class PutAside(TypedDict):
    """No worker can work on the order (order_faults.py)."""

    at: datetime
    reason: str


class HistoryEntry(TypedDict):
    """What happened to an order; pushed in the same update as the change that it tells of."""

    at: datetime
    event: Event
    requestId: NotRequired[str]
    traceparent: NotRequired[str]  # beside requestId, of the trace that all work on the order is in
    reason: NotRequired[str]
    attempt: NotRequired[int]
    messageId: NotRequired[str]


class Idempotency(TypedDict):
    id: str  # "<userId>:<Idempotency-Key>"
    fingerprint: str  # of the body


class Shortage(TypedDict):
    productId: str
    requested: int
    available: int


class Remedy(TypedDict):
    """The body of an order that would fit."""

    items: list[Item]
    totalAmount: NotRequired[float]


class Order(TypedDict):
    """The Node app wrote `{orderId, userId, items, totalAmount, status, createdAt, updatedAt}` alone. Such an
    order counts as accepted, with nothing held and nothing left to do (node_orders.py)."""

    _id: ObjectId
    orderId: str
    userId: ObjectId
    items: list[Item]
    totalAmount: float
    currency: NotRequired[str]
    status: Status
    failureReason: NotRequired[FailureReason]
    accepted: NotRequired[bool]  # False from the intent until all items are held, and for ever when rejected
    shortages: NotRequired[list[Shortage]]
    remedies: NotRequired[list[Remedy]]
    idempotency: NotRequired[Idempotency]
    settled: NotRequired[bool]  # its holds are sold or given back
    mail: NotRequired[Mail]
    nextActionAt: NotRequired[
        datetime
    ]  # when a worker must look at it again; missing = nothing is left to do
    attempts: NotRequired[int]  # business steps begun
    step: NotRequired[StepClaim]
    undoOwed: NotRequired[bool]  # it failed after an attempt, which is still to be undone
    faults: NotRequired[int]  # how often working on it failed
    putAside: NotRequired[PutAside]
    history: NotRequired[list[HistoryEntry]]
    createdAt: datetime
    updatedAt: datetime  # of what clients see: settling and mail do not touch it
    purgeAt: NotRequired[datetime]  # for the TTL index, on orders that were never accepted


class Hold(TypedDict):
    """Units of a product that are reserved for an order."""

    orderId: str
    holdId: str
    quantity: int
    at: datetime


class Product(TypedDict):
    _id: ObjectId
    productId: str
    stock: int  # free to sell
    price: NotRequired[float]
    holds: NotRequired[list[Hold]]
    sold: NotRequired[int]
    received: NotRequired[int]  # stock, sold and held together: the books add up
    createdAt: NotRequired[datetime]
    updatedAt: NotRequired[datetime]


class Suppression(TypedDict):
    """Why an address gets no mail any more."""

    reason: Literal["bounced", "complained"]
    at: datetime


class User(TypedDict):
    _id: ObjectId
    email: str  # in lower case, but for accounts of the Node app
    password: str  # a bcrypt hash
    role: NotRequired[Literal["admin"]]
    tokenEpoch: NotRequired[int]  # how often all logins were ended
    mailSuppressed: NotRequired[Suppression]
    createdAt: datetime
    updatedAt: datetime


class RefreshToken(TypedDict):
    jti: str
    expiresAt: datetime
    spentAt: NotRequired[datetime]


class TokenFamily(TypedDict):
    """A login: all refresh tokens that came of it."""

    _id: str
    userId: ObjectId
    epoch: NotRequired[int]
    version: int
    tokens: list[RefreshToken]
    expiresAt: datetime
