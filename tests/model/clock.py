"""Time. By default there is none: whatever can become due is due already, for any reader at any moment.

That allows more than any real clock does, so what holds without a clock does not rest on leases, time-outs
or clocks that agree. What leases are for can only be seen with one: then nextActionAt is reached by a tick
of its own, which comes while nobody is at work on the order, or else is written down as somebody's slowness.
"""

from collections.abc import Iterator

from .state import LATER, NEVER, NOW, Actor, Case, Label, Order, State, note, put_order, spend

_NOT_AT_WORK = frozenset({"insert_intent", "ring", "find_to_cancel"})


def is_due(case: Case, order: Order) -> bool:
    return order.next == NOW or (not case.clock and order.next != NEVER)


def ticks(case: Case, state: State) -> Iterator[tuple[Label, State]]:
    for o, order in enumerate(state.orders):
        if order is not None and order.next == LATER:
            after = put_order(state, o, order._replace(next=NOW, lapsed=bool(order.step)))
            if not any(is_at_work(actor, o) for actor in (*state.requests, *state.workers)):
                yield ("time", "is reached", o), after
            elif state.left.slow:
                yield ("time", "runs out", o), spend(note(after, o, ran_out=order.step), slow=-1)


def is_held(case: Case, order: Order) -> bool:
    """Whether the business step is claimed and its lease lasts. Without a clock any may have run out."""
    return bool(order.step) and case.clock and not order.lapsed


def is_at_work(actor: Actor, o: int) -> bool:
    """Whether the actor is between two steps of that order."""
    return bool(actor) and actor[0] not in _NOT_AT_WORK and actor[1] == o
