"""What a request does, step by step: create with its retries, replays and take-overs, and cancel.

A request that dies needs no step of its own where there is no clock: it is one that never moves again, and
the search covers every state in which it stops.
"""

from collections.abc import Iterator
from itertools import count

from .clock import is_due
from .decisions import key_owner, undecided
from .state import IDLE, PENDING, Actor, Case, Move, State, note, products_of, spend


def start_try(case: Case, state: State, o: int, turn: int = 1) -> tuple[State, Actor]:
    """Go and reserve under a fresh hold id, whatever earlier tries have come to."""
    hold_id = 1 if "fresh_hold_id" in case.without else _fresh_hold_id(state, o)
    return state, ("reserve", o, products_of(case, o), hold_id, turn)


def _fresh_hold_id(state: State, o: int) -> int:
    """The least number that no document, actor or late write knows: as good as one never used."""
    order = state.orders[o]
    known = set(order.hold_ids if order is not None else ())
    known.update(hold_id for product in state.products for by, hold_id, _ in product.holds if by == o)
    for actor in (*state.requests, *state.late):
        if actor[:2] == ("reserve", o):
            known.add(actor[3])
        elif actor[:2] == ("accept", o):
            known.update(actor[2])
    return next(number for number in count(1) if number not in known)


def after_insert_intent(case: Case, state: State, matched: bool, actor: Actor) -> Iterator[Move]:
    """Reserve for the new order; or, when the key is in use, take over or answer again.

    A 409 and a rejection that is answered again change nothing, so they are no steps.
    """
    if matched:
        yield (), *start_try(case, state, actor[1])
        return
    owner = key_owner(case, state, actor[1])
    order = None if owner is None else state.orders[owner]
    if owner is None or order is None:
        return
    if not undecided(order):
        if order.accepted:
            yield ("is answered like", owner), answer(state, owner), IDLE
    elif is_due(case, order):
        claimed = state if "take_over_claims" in case.without else case.writes["claim"](case, state, owner)
        if claimed is not None:
            yield ("takes over", owner), *start_try(case, claimed, owner)


def answer(state: State, o: int) -> State:
    """What was decided is the answer, whoever decided it: a promise, if the order is accepted."""
    order = state.orders[o]
    if order is not None and order.accepted and not state.ledger[o].told:
        return note(state, o, told="201")
    return state


def reserve(case: Case, state: State, actor: Actor) -> Iterator[Move]:
    """One product of the unordered bulk, in any order. After a time-out the rest may arrive late."""
    _, o, waiting, hold_id, turn = actor
    for p in waiting:
        rest = tuple(other for other in waiting if other != p)
        after = case.writes["reserve"](case, state, o, p, hold_id)
        then = ("reserve", o, rest, hold_id, turn) if rest else ("held_for", o, turn)
        label = ("reserve", o, p, hold_id) if after else ("reserve", o, p, hold_id, "matches nothing")
        yield label, after or state, then
        if state.left.lates:
            sent = send_late(state, ("reserve", o, p, hold_id))
            yield ("times out on", "reserve", o, p, hold_id), *start_try(case, sent, o, turn)


def held_for(case: Case, state: State, actor: Actor) -> Iterator[Move]:
    """Read who holds what: an own hold is adopted with the id it has, also one of an earlier try.

    What is not held and not short either came back meanwhile: try again, or give up.
    """
    _, o, turn = actor
    held = {p: h for p, product in enumerate(state.products) for by, h, _ in product.holds if by == o}
    missing = [p for p in products_of(case, o) if p not in held]
    if not missing:
        hold_ids = tuple(held.get(p, 0) for p in range(len(state.products)))
        yield ("held_for", o, "finds all"), state, ("accept", o, hold_ids)
    elif any(state.products[p].stock < case.requests[o][1][p] for p in missing):
        early = held and "decide_before_freeing" in case.without
        then = settle("settle_returned", case, o, "reject") if early else ("reject", o, not held)
        yield ("held_for", o, "finds a shortage"), state, then
    elif turn < case.hold_tries:
        yield ("held_for", o, "finds it came back"), *start_try(case, state, o, turn + 1)
    else:
        yield ("held_for", o, "gives up"), state, ("expire", o, "settle")


def after_accept(case: Case, state: State, matched: bool, actor: Actor) -> Iterator[Move]:
    """The 201 counts from the write on. Whoever lost the race answers what was decided."""
    yield (), answer(state, actor[1]), ("ring", actor[1]) if matched else IDLE


def after_reject(case: Case, state: State, matched: bool, actor: Actor) -> Iterator[Move]:
    _, o, settled = actor
    then = settle("settle_returned", case, o) if matched and not settled else IDLE
    yield (), answer(state, o), then


def after_expire(case: Case, state: State, matched: bool, actor: Actor) -> Iterator[Move]:
    """A request that gave up settles; a worker goes on as always."""
    _, o, then = actor
    if then != "settle":
        yield (), state, follow(then, o)
    elif matched:
        yield (), state, settle("settle_returned", case, o)
    else:
        yield (), answer(state, o), IDLE


def settle(name: str, case: Case, o: int, then: str = "") -> Actor:
    """The start of settling: one product after the other, mark_settled, then `then`."""
    first, *rest = products_of(case, o)
    return (name, o, first, tuple(rest), then)


def after_settle(case: Case, state: State, matched: bool, actor: Actor) -> Iterator[Move]:
    name, o, _, rest, then = actor
    if rest:
        yield (), state, (name, o, rest[0], rest[1:], then)
    elif then in ("process", "reject"):  # the mistake of booking before the decision
        yield (), state, ("process", o, 0, "") if then == "process" else ("reject", o, True)
    else:
        status = "Processed" if name == "settle_sold" else "Failed"
        yield (), state, ("mark_settled", o, status, then)


def find_to_cancel(case: Case, state: State) -> Iterator[tuple[State, Actor]]:
    """Read an accepted, pending order; the cancel follows."""
    for o, order in enumerate(state.orders):
        if order is not None and order.accepted and order.status == PENDING:
            yield state, ("cancel", o, order.attempts)


def after_cancel(case: Case, state: State, matched: bool, actor: Actor) -> Iterator[Move]:
    """Its stock is given back before the answer, unless something is to be undone first: that, and the mail,
    are a worker's. (The code reads again where this one gives up: an attempt may have failed meanwhile.)"""
    o = actor[1]
    order = state.orders[o]
    if matched and order is not None:
        then = ("ring", o) if order.undo else settle("settle_returned", case, o, "ring")
        yield (), note(state, o, told="cancelled"), then
    else:
        yield (), state, IDLE


def ring(case: Case, state: State, actor: Actor) -> Iterator[Move]:
    """Put the order into the queue. A ring that is lost is a request that stops just before."""
    yield ("ring", actor[1]), state._replace(doorbells=state.doorbells | {actor[1]}), IDLE


def follow(then: str, o: int) -> Actor:
    """What an actor does after its last write on an order: nothing, or the step of that name."""
    return (then, o) if then else IDLE


def send_late(state: State, write: Actor) -> State:
    """The write is on the wire and its sender knows nothing of it any more."""
    return spend(state._replace(late=tuple(sorted((*state.late, write)))), lates=-1)
