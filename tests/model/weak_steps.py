"""Writes of the business step without one of their guards, for mistakes.py."""

from .clock import is_held
from .decisions import ended, is_open
from .state import CANCELLED, LATER, PROCESSED, Case, State, put_order
from .step import leased, released
from .writes import SOUND


def cancel_whoever_is_at_it(case: Case, state: State, o: int, attempts: int) -> State | None:
    """Without a look at the claim of the business step."""
    order = state.orders[o]
    if order is None or not is_open(order) or order.attempts != attempts:
        return None
    return put_order(state, o, ended(order, CANCELLED))


def cancel_and_owe_nothing(case: Case, state: State, o: int, attempts: int) -> State | None:
    """Owes no undo, whatever was begun."""
    after = SOUND["cancel"](case, state, o, attempts)
    order = after and after.orders[o]
    return after and order and put_order(after, o, order._replace(undo=False))


def cancel_as_read(case: Case, state: State, o: int, attempts: int) -> State | None:
    """Owes an undo if there were attempts when it was read; does not match their number."""
    order = state.orders[o]
    if order is None or not is_open(order) or is_held(case, order):
        return None
    return put_order(state, o, ended(order, CANCELLED)._replace(undo=attempts > 0))


def process_without_claim(case: Case, state: State, o: int, token: int) -> State | None:
    """Without a look at the token: who lost its lease decides."""
    order = state.orders[o]
    if order is None or not is_open(order):
        return None
    return put_order(state, o, order._replace(status=PROCESSED, next=LATER, step=0, lapsed=False))


def record_attempt_without_claim(case: Case, state: State, o: int, token: int) -> State | None:
    """Likewise: it takes the claim of whoever has it by now."""
    order = state.orders[o]
    return put_order(state, o, released(order)) if order is not None and is_open(order) else None


def claim_step_uncounted(case: Case, state: State, o: int, attempts: int) -> State | None:
    order = state.orders[o]
    if order is None or not is_open(order) or order.attempts != attempts or is_held(case, order):
        return None
    return put_order(state, o, leased(order, attempts + 1))


def record_and_count_attempt(case: Case, state: State, o: int, token: int) -> State | None:
    """The attempt is counted here, after the step, and so is no death."""
    order = state.orders[o]
    if order is None or not is_open(order) or order.step != token:
        return None
    return put_order(state, o, released(order)._replace(attempts=token))


def claim_step_of_others(case: Case, state: State, o: int, attempts: int) -> State | None:
    """Without a look at the lease."""
    order = state.orders[o]
    if order is None or not is_open(order) or order.attempts != attempts:
        return None
    return put_order(state, o, leased(order, attempts + 1)._replace(attempts=attempts + 1))
