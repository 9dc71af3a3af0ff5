"""One step of the whole world: any actor, a late write, the reaper, the operator, the purge, time."""

from collections.abc import Iterator

from .actors import Step, request_steps, worker_steps
from .clock import ticks
from .state import (
    CLAIMED,
    FAILED,
    NEVER,
    PENDING,
    PROCESSED,
    UNKNOWN,
    Actor,
    Case,
    State,
    note,
    put_order,
)

# Late ones of these match nothing any more once the order has left the state that they ask for.
OF_UNDECIDED = frozenset({"accept", "reject", "expire"})
OF_PENDING = frozenset({"process", "fail", "cancel", "claim_step", "record_attempt"})
OF_UNDO = frozenset({"claim_undo", "undo_done", "undo_failed"})
OF_UNSETTLED = frozenset({"settle_sold", "mark_settled"})


def successors(case: Case, state: State) -> Iterator[Step]:
    """Everything that can happen next, with a label for the trace."""
    for label, after in _steps(case, state):
        yield label, _without_spent(case, after) if after.late else after


def _without_spent(case: Case, state: State) -> State:
    """Forget late writes that can never match again. Those of a planted mistake are not judged so."""
    late = tuple(write for write in state.late if write[0] in case.split or not _spent(state, write))
    return state if len(late) == len(state.late) else state._replace(late=late)


def _spent(state: State, write: Actor) -> bool:
    name, order = write[0], state.orders[write[1]]
    if order is None:
        return name not in ("insert_intent", "reserve")
    if name in OF_UNDECIDED:
        return order.status != PENDING or order.accepted
    if name in OF_PENDING:
        return order.status != PENDING
    if name in OF_UNDO:
        return not order.undo
    return name in OF_UNSETTLED and order.settled


def _steps(case: Case, state: State) -> Iterator[Step]:
    yield from request_steps(case, state)
    yield from worker_steps(case, state)
    yield from _late_writes(case, state)
    yield from _reaper(case, state)
    if case.purge:
        yield from _purge(state)
    if case.resends:
        yield from _operator(case, state)
    if case.mail_events:
        yield from _events_of_ses(case, state)
    if case.clock:
        yield from ticks(case, state)


def _late_writes(case: Case, state: State) -> Iterator[Step]:
    """A write on the wire may arrive at any time. One that would match nothing may as well wait."""
    for i, write in enumerate(state.late):
        after = case.writes[write[0]](case, state, *write[1:])
        if after is not None and write not in state.late[:i]:
            yield ("arrives late:", *write), after._replace(late=state.late[:i] + state.late[i + 1 :])


def _reaper(case: Case, state: State) -> Iterator[Step]:
    """Frees what no order can ever use. What it reads never changes again, so one step is enough."""
    if "reaper" in case.without:
        return
    for p, product in enumerate(state.products):
        for o, hold_id, _ in product.holds:
            if is_stray(case, state, o, p, hold_id):
                after = case.writes["free_hold"](case, state, o, p, hold_id)
                if after is not None:
                    yield ("reaper", "free_hold", o, p, hold_id), after


def is_stray(case: Case, state: State, o: int, p: int, hold_id: int) -> bool:
    """The order is gone, or Failed and settled, or Processed under another hold id."""
    order = state.orders[o]
    if order is None:
        return "audit_of_purged" not in case.without
    if order.status == FAILED:
        return order.settled
    return order.status == PROCESSED and order.hold_ids[p] != hold_id


def _purge(state: State) -> Iterator[Step]:
    """The TTL index: orders that were never accepted go, once they are settled."""
    for o, order in enumerate(state.orders):
        if order is not None and order.status == FAILED and not order.accepted and order.settled:
            yield ("TTL index", "purges", o), put_order(state, o, None)


def _events_of_ses(case: Case, state: State) -> Iterator[Step]:
    """Each tells which attempt SES took. It settles an outcome that is open, of that attempt alone."""
    for o, order in enumerate(state.orders):
        if order is None or order.mail not in (CLAIMED, UNKNOWN):
            continue
        for token in state.ledger[o].taken:
            told = order.mail_attempts if "events_name_their_attempt" in case.without else token
            after = case.writes["mail_sent"](case, state, o, told, order.mail)
            if after is not None:
                yield ("SES", "tells of the mail", o, token), after


def _operator(case: Case, state: State) -> Iterator[Step]:
    """Asks for the mail of an accepted order that has ended once more."""
    for o, order in enumerate(state.orders):
        asked = state.ledger[o].resends
        if order is not None and order.accepted and order.next == NEVER and asked < case.resends:
            after = case.writes["request_mail"](case, state, o, order.status)
            if after is not None:
                yield ("operator", "request_mail", o), note(after, o, resends=asked + 1)
