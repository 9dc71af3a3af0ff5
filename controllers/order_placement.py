"""Placing an order: draft it, decide it, answer. Nothing is promised before all of it is reserved.

Each step is one write that is safe to repeat, and a process may die between any two of them: an intent that
nothing has decided is expired by the worker, which frees what it holds.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from bson import ObjectId

from config.resources import resources
from controllers import order_pricing
from controllers.order_answers import Placement, answer
from controllers.order_shortages import Holdings, shortages_and_remedies
from models import inventory, order_decisions, reservations
from models.documents import HistoryEntry, Idempotency, Order
from models.order import KEY_INDEX, PENDING, find, find_by_key, orders
from models.order_shape import view_flaw
from models.reservations import Holding
from models.settlement import settle
from utils import clock, errors, json_provider, tracing

# Stock can come back between a hold that failed and the look at why. Then the hold is tried again.
_HOLD_TRIES: Final = 3

_REMOVED: Final = Holding(stock=0, hold_id=None)

_KEYS_DO_NOT_HOLD: Final = (
    "An Idempotency-Key would not hold: the index orders.idempotency.id_1 is missing. An operator makes it "
    "with: flask indexes create. Orders without a key are taken."
)


class NewOrder(NamedTuple):
    """The order that a client asks for. `body` fits NewOrderSchema; `key` is the Idempotency-Key, if sent."""

    user_id: ObjectId
    body: Mapping[str, Any]
    key: str | None
    request_id: str

    @property
    def idempotency(self) -> Idempotency | None:
        """Keys belong to one user; the fingerprint tells one body from another."""
        if self.key is None:
            return None
        fingerprint = hashlib.sha256(json_provider.canonical(self.body)).hexdigest()
        return {"id": f"{self.user_id}:{self.key}", "fingerprint": fingerprint}


def no_limits() -> None:
    """Any number of orders may be placed."""


def place_order(new: NewOrder, check_limits: Callable[[], None] = no_limits) -> Placement:
    """Reserve every item and accept the order, or answer again what the same key was answered before.

    Raises what `check_limits` raises, unless the key is in use: a repetition is answered whatever the limits;
    UnknownProduct, TotalMismatch, TotalRequired, OutOfStock, IdempotencyKeyReused,
    RequestInProgress or ServiceUnavailable.
    """
    if new.key is not None and not resources().known_indexes.has(orders(), KEY_INDEX):
        raise errors.ServiceUnavailable(_KEYS_DO_NOT_HOLD)
    order, is_own = _draft_or_earlier(new, check_limits)
    undecided = is_own or _is_undecided(order)
    if undecided:
        order = _decide(order if is_own else _take_over(order), new.request_id)
    return answer(order, replayed=not undecided)


def _draft_or_earlier(new: NewOrder, check_limits: Callable[[], None]) -> tuple[Order, bool]:
    """The order of this request, written down as an intent, and True; or that which its key has made."""
    try:
        check_limits()
        draft = _draft(new)
    except errors.ApiError:
        # The prices may have changed since the key was first used: its answer has not.
        earlier = _earlier(new)
        if earlier is None:
            raise
        return earlier, False
    if order_decisions.insert_intent(draft):
        return draft, True
    earlier = _earlier(new)
    if earlier is None:  # expired between the two look-ups, and its key is free again
        raise errors.ServiceUnavailable("Send the same request again.", retry_after=1)
    return earlier, False


def _draft(new: NewOrder) -> Order:
    items = order_pricing.merge_lines(new.body["items"])
    products = inventory.find_many(item["productId"] for item in items)
    priced = order_pricing.price_items(items, products)
    now, order_id = clock.now(), ObjectId()
    received: HistoryEntry = {"at": now, "event": "received", "requestId": new.request_id}
    if (traceparent := tracing.current()) is not None:
        received["traceparent"] = traceparent
    settings = resources().settings
    draft: Order = {
        "_id": order_id,
        "orderId": str(order_id),
        "userId": new.user_id,
        "items": priced,
        "totalAmount": order_pricing.total_of(priced, new.body.get("totalAmount")),
        "status": PENDING,
        "accepted": False,
        "nextActionAt": clock.after(settings.intent_seconds),
        "history": [received],
        "createdAt": now,
        "updatedAt": now,
    }
    if settings.currency is not None:
        draft["currency"] = settings.currency
    if new.idempotency is not None:
        draft["idempotency"] = new.idempotency
    return draft


def _earlier(new: NewOrder) -> Order | None:
    """The order that the same key has made. Raises IdempotencyKeyReused when it is of another body."""
    idempotency = new.idempotency
    found = find_by_key(idempotency["id"]) if idempotency else None
    if found is None:
        return None
    if view_flaw(found) is not None:
        raise errors.IdempotencyKeyReused(
            "The order under this key is damaged. Use a new key for a new order."
        )
    if found["idempotency"] != idempotency:
        raise errors.IdempotencyKeyReused
    return found


def _is_undecided(order: Mapping[str, Any]) -> bool:
    return order["status"] == PENDING and not order["accepted"]


def _take_over(order: Order) -> Order:
    """Take an undecided order over from the request that began it, once that must be dead.

    Raises RequestInProgress while it may be alive.
    """
    wait = (order["nextActionAt"] - clock.now()).total_seconds()
    if wait > 0:  # it is most likely decided in a moment; `wait` is for a request that has died
        raise errors.RequestInProgress(retry_after=min(max(1, round(wait)), 2))
    claimed = order_decisions.claim(order, resources().settings.intent_seconds)
    if claimed is None:
        raise errors.RequestInProgress(retry_after=1)
    return claimed


def _decide(order: Order, request_id: str) -> Order:
    """Accept, reject or give up. Returns the decided order. Another request with the same key, or the
    worker, may have decided it first."""
    decided = _reserve_and_decide(order)
    if decided is None:
        decided = find(order["orderId"])
        if decided is None:
            raise errors.ServiceUnavailable
    elif decided["accepted"]:
        resources().queue_publisher.publish(decided["orderId"], request_id)
    elif not decided.get("settled"):
        settle(decided)
    return decided


def _reserve_and_decide(order: Order) -> Order | None:
    """Returns the order after the write that decides it; None when it was decided before that."""
    for _ in range(_HOLD_TRIES):
        held: Holdings = {}
        hold_ids = reservations.reserve(order["orderId"], order["items"])
        if hold_ids is None:
            held = _held(order)
            hold_ids = {name: holding.hold_id for name, holding in held.items() if holding.hold_id}
        if len(hold_ids) == len(order["items"]):
            return order_decisions.accept(order, hold_ids, resources().settings.ring_seconds)
        shortages, remedies = shortages_and_remedies(order, held)
        if shortages:
            return order_decisions.reject(order, shortages, remedies, settled=not hold_ids)
    # It is not stock that is wanting: a product has as many holds as it can take.
    return order_decisions.expire(order, "unavailable")


def _held(order: Order) -> Holdings:
    """What the order holds of each of its products; a product that was removed counts as empty."""
    found = reservations.held_for(order["orderId"], (item["productId"] for item in order["items"]))
    return {item["productId"]: found.get(item["productId"], _REMOVED) for item in order["items"]}
