"""Placing an order: intent, hold, decide, ring. Nothing is promised before all of it is reserved.

Each step is one write that is safe to repeat, and a process may die between any two of them: an intent that
nobody decided is expired by the worker, which frees what it holds.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from bson import ObjectId

from config.settings import current_settings
from controllers import order_pricing
from controllers.order_answers import Placement, answer_of, shortages_of
from models import inventory, key_index, order_decisions
from models.order import PENDING, Document, find, find_by_key
from models.order_shape import view_flaw
from models.settlement import settle
from services import publisher
from utils import clock, errors, json_provider

# Stock can come back between a hold that failed and the look at why. Then the hold is tried again.
_HOLD_TRIES = 3

_KEYS_DO_NOT_HOLD = (
    "An Idempotency-Key would not hold: the index orders.idempotency.id_1 is missing. An operator makes it "
    "with: flask indexes create. Orders without a key are taken."
)


class Request(NamedTuple):
    """Who wants what. `key` is the Idempotency-Key, if one was sent."""

    user_id: ObjectId
    body: Mapping[str, Any]
    key: str | None
    request_id: str

    @property
    def idempotency(self) -> dict[str, str] | None:
        """Keys belong to one user; the fingerprint tells one body from another."""
        if self.key is None:
            return None
        fingerprint = hashlib.sha256(json_provider.canonical(self.body)).hexdigest()
        return {"id": f"{self.user_id}:{self.key}", "fingerprint": fingerprint}


def anybody_may() -> None:
    """There is no limit."""


def place_order(request: Request, may_order: Callable[[], None] = anybody_may) -> Placement:
    """Reserve every item and accept the order, or answer again what the same key was answered before.

    Raises what `may_order` raises, unless the key is in use: a repetition is answered whatever the limits;
    UnknownProduct, TotalMismatch, TotalRequired, OutOfStock, IdempotencyKeyReused,
    RequestInProgress or ServiceUnavailable.
    """
    if request.key is not None and not key_index.is_there():
        raise errors.ServiceUnavailable(_KEYS_DO_NOT_HOLD)
    try:
        may_order()
        order = _draft(request)
    except errors.ApiError:
        # The prices may have changed since the key was first used: its answer has not.
        earlier = _earlier(request)
        if earlier is None:
            raise
        return _answer_again(earlier, request)
    if order_decisions.insert_intent(order):
        return _hold_and_decide(order, request)
    earlier = _earlier(request)
    if earlier is None:  # expired between the two look-ups, and its key is free again
        raise errors.ServiceUnavailable("Send the same request again.", retry_after=1)
    return _answer_again(earlier, request)


def _draft(request: Request) -> Document:
    items = order_pricing.merge_lines(request.body["items"])
    products = inventory.find_many(item["productId"] for item in items)
    priced = order_pricing.price_items(items, products)
    now, order_id = clock.now(), ObjectId()
    order = {
        "_id": order_id,
        "orderId": str(order_id),
        "userId": request.user_id,
        "items": priced,
        "totalAmount": order_pricing.total_of(priced, request.body.get("totalAmount")),
        "status": PENDING,
        "accepted": False,
        "nextActionAt": clock.after(current_settings().intent_seconds),
        "history": [{"at": now, "event": "received", "requestId": request.request_id}],
        "createdAt": now,
        "updatedAt": now,
    }
    more = {"currency": current_settings().currency, "idempotency": request.idempotency}
    return {**order, **{name: value for name, value in more.items() if value is not None}}


def _earlier(request: Request) -> Document | None:
    idempotency = request.idempotency
    found = find_by_key(idempotency["id"]) if idempotency else None
    if found is not None and view_flaw(found) is not None:
        raise errors.IdempotencyKeyReused(
            "The order under this key is damaged. Use a new key for a new order."
        )
    return found


def _answer_again(order: Document, request: Request) -> Placement:
    """A key that is in use: the answer that it had, or will have once it is decided."""
    if order["idempotency"] != request.idempotency:
        raise errors.IdempotencyKeyReused
    if order["status"] == PENDING and not order["accepted"]:
        return _hold_and_decide(_take_over(order), request)
    return answer_of(order, replayed=True)


def _take_over(order: Document) -> Document:
    """Take an undecided order over from the request that began it, once that must be dead."""
    wait = (order["nextActionAt"] - clock.now()).total_seconds()
    if wait > 0:
        raise errors.RequestInProgress(retry_after=_soon(wait))
    claimed = order_decisions.claim(order, current_settings().intent_seconds)
    if claimed is None:
        raise errors.RequestInProgress(retry_after=1)
    return claimed


def _soon(seconds: float) -> int:
    """When to ask again: the first request is most likely decided in a moment; `seconds` is if it died."""
    return min(max(1, round(seconds)), 2)


def _hold_and_decide(order: Document, request: Request) -> Placement:
    """Reserve, then accept or reject; somebody else may have decided meanwhile."""
    for _ in range(_HOLD_TRIES):
        hold_ids = inventory.reserve(order["orderId"], order["items"])
        held = {} if hold_ids else _held(order)
        if hold_ids is None and all(product["holdId"] for product in held.values()):
            hold_ids = {product_id: product["holdId"] for product_id, product in held.items()}
        if hold_ids:
            return _accept(order, hold_ids, request)
        shortages, available = shortages_of(order, held)
        if shortages:
            remedies = order_pricing.remedies_for(order, available)
            return _reject(order, shortages, remedies, held)
    return _give_up(order)


def _held(order: Document) -> dict[str, Document]:
    """What the order holds of each of its products; a product that is gone meanwhile counts as empty."""
    found = inventory.held_for(order["orderId"], (item["productId"] for item in order["items"]))
    gone = {"stock": 0, "holdId": None}
    return {item["productId"]: found.get(item["productId"], gone) for item in order["items"]}


def _accept(order: Document, hold_ids: Mapping[str, str], request: Request) -> Placement:
    accepted = order_decisions.accept(order, hold_ids, current_settings().ring_seconds)
    if accepted is None:
        return _decided_elsewhere(order)
    publisher.ring(accepted["orderId"], request.request_id)
    return answer_of(accepted, replayed=False)


def _reject(
    order: Document,
    shortages: list[Document],
    remedies: list[Document],
    held: Mapping[str, Document],
) -> Placement:
    holds_something = any(product["holdId"] for product in held.values())
    rejected = order_decisions.reject(order, shortages, remedies, settled=not holds_something)
    if rejected is None:
        return _decided_elsewhere(order)
    if holds_something:
        settle(rejected)
    return answer_of(rejected, replayed=False)


def _give_up(order: Document) -> Placement:
    """It is not stock that is wanting: a product has as many open reservations as it can take."""
    expired = order_decisions.expire(order, "unavailable")
    if expired is None:
        return _decided_elsewhere(order)
    settle(expired)
    raise errors.ServiceUnavailable(
        "A product in this order has too many open reservations. Send the same request again."
    )


def _decided_elsewhere(order: Document) -> Placement:
    """Another request with the same key, or the worker, was first: answer what they decided."""
    current = find(order["orderId"])
    if current is None:
        raise errors.ServiceUnavailable
    return answer_of(current, replayed=False)
