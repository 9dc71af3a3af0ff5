"""The writes of the business step and its undo, as in models/order_step.py.

The number of the attempt serves as the token of its claim; that of a try of the undo, below zero, likewise.
"""

from .clock import is_held
from .decisions import is_open
from .state import FAILED, LATER, Case, Order, State, put_order


def claim_step(case: Case, state: State, o: int, attempts: int) -> State | None:
    """Counted here: so a death counts."""
    order = state.orders[o]
    if order is None or not is_open(order) or order.attempts != attempts or is_held(case, order):
        return None
    return put_order(state, o, leased(order, attempts + 1)._replace(attempts=attempts + 1))


def renew_step(case: Case, state: State, o: int, token: int) -> State | None:
    order = state.orders[o]
    if order is None or order.step != token:
        return None
    return put_order(state, o, leased(order, token))


def record_attempt(case: Case, state: State, o: int, token: int) -> State | None:
    order = state.orders[o]
    if order is None or not is_open(order) or order.step != token:
        return None
    return put_order(state, o, released(order))


def claim_undo(case: Case, state: State, o: int, faults: int) -> State | None:
    order = state.orders[o]
    if order is None or not owes_undo(order) or order.faults != faults or is_held(case, order):
        return None
    return put_order(state, o, leased(order, -faults - 1)._replace(faults=faults + 1))


def undo_done(case: Case, state: State, o: int, token: int) -> State | None:
    order = state.orders[o]
    if order is None or not owes_undo(order) or order.step != token:
        return None
    return put_order(state, o, released(order)._replace(undo=False, faults=0))


def undo_failed(case: Case, state: State, o: int, token: int) -> State | None:
    order = state.orders[o]
    if order is None or not owes_undo(order) or order.step != token:
        return None
    return put_order(state, o, released(order))


def owes_undo(order: Order) -> bool:
    return order.status == FAILED and order.undo and not order.settled


def leased(order: Order, token: int) -> Order:
    return order._replace(step=token, lapsed=False, next=LATER)


def released(order: Order) -> Order:
    return order._replace(step=0, lapsed=False, next=LATER)
