"""The writes that decide an order, as in models/order_decisions.py.

Each write of the model is one update of one document, with its filter. It returns the state after it, or
None when the filter matched nothing.
"""

from models.documents import FailureReason

from .clock import is_due, is_held
from .state import (
    CANCELLED,
    DUE,
    EXPIRED,
    FAILED,
    LATER,
    NEVER,
    OUT_OF_STOCK,
    PENDING,
    PROCESSED,
    PROCESSING_ERROR,
    Case,
    Order,
    State,
    put_order,
)


def undecided(order: Order | None) -> bool:
    return order is not None and order.status == PENDING and not order.accepted


def is_open(order: Order | None) -> bool:
    return order is not None and order.status == PENDING and order.accepted


def key_owner(case: Case, state: State, r: int) -> int | None:
    """The order that owns the idempotency key of request `r`, as the unique index knows it."""
    key = case.requests[r][0]
    for o, order in enumerate(state.orders):
        if key is not None and order is not None and order.keyed and case.requests[o][0] == key:
            return o
    return None


def insert_intent(case: Case, state: State, o: int) -> State | None:
    if key_owner(case, state, o) is not None:
        return None
    return put_order(state, o, Order(keyed=case.requests[o][0] is not None))


def claim(case: Case, state: State, o: int) -> State | None:
    """Of a due order; without a clock it stays due all the same."""
    order = state.orders[o]
    if order is None or not is_due(case, order):
        return None
    return put_order(state, o, order._replace(next=LATER))


def accept(case: Case, state: State, o: int, hold_ids: tuple[int, ...]) -> State | None:
    order = state.orders[o]
    if order is None or not undecided(order):
        return None
    return put_order(state, o, order._replace(accepted=True, hold_ids=hold_ids, next=LATER))


def reject(case: Case, state: State, o: int, settled: bool) -> State | None:
    """With nothing to give back it is settled by the same write, and nobody need look again."""
    order = state.orders[o]
    if order is None or not undecided(order):
        return None
    next_ = NEVER if settled else order.next
    return put_order(state, o, ended(order, OUT_OF_STOCK)._replace(settled=settled, next=next_))


def expire(case: Case, state: State, o: int) -> State | None:
    """Gives the key back in the same write."""
    order = state.orders[o]
    if order is None or not undecided(order):
        return None
    return put_order(state, o, ended(order, EXPIRED)._replace(keyed=False))


def process(case: Case, state: State, o: int, token: int) -> State | None:
    """By who holds the claim under that token; 0: there is no step to do."""
    order = state.orders[o]
    if order is None or not is_open(order) or not is_claimed_by(case, order, token):
        return None
    return put_order(state, o, order._replace(status=PROCESSED, next=LATER, step=0, lapsed=False))


def fail(case: Case, state: State, o: int, token: int, attempts: int) -> State | None:
    order = state.orders[o]
    if order is None or not is_open(order) or order.attempts != attempts:
        return None
    if not is_claimed_by(case, order, token):
        return None
    return put_order(state, o, ended(order, PROCESSING_ERROR))


def cancel(case: Case, state: State, o: int, attempts: int) -> State | None:
    order = state.orders[o]
    if order is None or not is_open(order) or order.attempts != attempts or is_held(case, order):
        return None
    return put_order(state, o, ended(order, CANCELLED))


def is_claimed_by(case: Case, order: Order, token: int) -> bool:
    return order.step == token if token else not is_held(case, order)


def ended(order: Order, reason: FailureReason) -> Order:
    """What attempts may have done is owed its undo."""
    undo = order.attempts > 0
    return order._replace(status=FAILED, reason=reason, next=LATER, step=0, lapsed=False, undo=undo)


def mark_settled(case: Case, state: State, o: int, status: str) -> State | None:
    """The stock of an order that was read as `status` is booked. An accepted one now owes a mail."""
    order = state.orders[o]
    if order is None or order.status != status or order.settled:
        return None
    after = order._replace(mail=DUE) if order.accepted else order._replace(next=NEVER)
    return put_order(state, o, after._replace(settled=True))
