"""What must hold: in every state, and once all actors have died and the sweeper has come round.

The numbers are those of the protocol's list, which docs/MODEL.md repeats; rules without one go beyond it.
"""

from collections.abc import Callable, Iterator

from .actors import Step
from .decisions import undecided
from .state import (
    CANCELLED,
    EXPIRED,
    FAILED,
    IDLE,
    NEVER,
    OUT_OF_STOCK,
    PENDING,
    PROCESSED,
    PROCESSING_ERROR,
    REFUSED,
    SENT,
    Budget,
    Case,
    Order,
    State,
    products_of,
)
from .world import successors

Rule = Callable[[Case, State], bool]
RECOVERY_STEPS = 300
BEFORE_THE_DECISION = frozenset({"reserve", "held_for", "accept", "reject"})


def stock_is_never_negative(case: Case, state: State) -> bool:
    """1. No product is sold that is not there."""
    return all(product.stock >= 0 for product in state.products)


def no_piece_is_lost_or_made(case: Case, state: State) -> bool:
    """2. stock + sold + holds == received."""
    return all(
        product.stock + product.sold + sum(hold[2] for hold in product.holds) == received
        for product, received in zip(state.products, case.stock, strict=True)
    )


def accepted_pending_orders_hold_their_items(case: Case, state: State) -> bool:
    """3. Every item, under the hold id that the order names."""
    return all(
        (o, order.hold_ids[p], case.requests[o][1][p]) in state.products[p].holds
        for o, order in enumerate(state.orders)
        if order is not None and order.accepted and order.status == PENDING
        for p in products_of(case, o)
    )


def promises_are_kept(case: Case, state: State) -> bool:
    """4. A 201 is never followed by out_of_stock or expired; a cancelled order stays cancelled."""
    for order, notes in zip(state.orders, state.ledger, strict=True):
        if notes.told == "201":
            if order is None or not order.accepted or order.reason in (OUT_OF_STOCK, EXPIRED):
                return False
        elif notes.told == "cancelled" and (order is None or order.reason != CANCELLED):
            return False
    return True


def mails_are_counted_for(case: Case, state: State) -> bool:
    """7. At most one mail an order, one more for each unknown outcome of which no event told in time, one for
    each the operator asks."""
    return all(n.mails <= 1 + n.unknowns - n.settled + n.resends for n in state.ledger)


def what_is_sent_was_taken(case: Case, state: State) -> bool:
    """Where SES sends events: an order says `sent` only of an attempt that SES took."""
    return all(
        order is None or order.mail != SENT or order.mail_attempts in notes.taken
        for order, notes in zip(state.orders, state.ledger, strict=True)
        if case.mail_events
    )


def one_accepted_order_a_key(case: Case, state: State) -> bool:
    """A client that repeats a request buys once."""
    pairs = zip(case.requests, state.orders, strict=True)
    keys = [key for (key, _), order in pairs if key is not None and order and order.accepted]
    return len(keys) == len(set(keys))


def errors_come_after_all_attempts(case: Case, state: State) -> bool:
    """An order fails with processing_error only after as many attempts as the limit says."""
    return all(
        order.attempts >= case.attempt_limit
        for order in state.orders
        if order is not None and order.reason == PROCESSING_ERROR
    )


def attempts_are_limited(case: Case, state: State) -> bool:
    """However they end: no step that kills its workers is begun more often than the limit says."""
    return all(notes.begun <= case.attempt_limit for notes in state.ledger)


def nobody_comes_between(case: Case, state: State) -> bool:
    """While a worker is at a step nobody else begins it or decides, unless its lease ran out."""
    for _, o, token, _ in (actor for actor in state.workers if actor and actor[0] == "call_step"):
        order = state.orders[o]
        held = order is not None and order.status == PENDING and order.step == token
        if not held and state.ledger[o].ran_out != token:
            return False
    return True


def what_was_begun_is_undone(case: Case, state: State) -> bool:
    """At rest: a failed order whose step was ever begun had its undo called; and as the last thing, where
    there is a clock and nobody was slow or late."""
    strict = case.clock and not (case.budget.lates or case.budget.slow)
    return all(
        (not notes.begun or notes.undone) and not (strict and notes.worked)
        for order, notes in zip(state.orders, state.ledger, strict=True)
        if order is not None and order.status == FAILED
    )


def nobody_is_overtaken(case: Case, state: State) -> bool:
    """Nobody decides an order that a request is at, unless something was slow or late: so leases hold."""
    if case.budget.lates or case.budget.slow:
        return True
    at_work = (actor for actor in state.requests if actor and actor[0] in BEFORE_THE_DECISION)
    return all(undecided(state.orders[actor[1]]) for actor in at_work)


def doubts_have_a_cause(case: Case, state: State) -> bool:
    """An outcome is only noted as unknown when SES did not answer, or somebody died, was late or slow."""
    gone_wrong = sum(case.budget) - sum(state.left) + sum(n.unanswered for n in state.ledger)
    return sum(notes.unknowns for notes in state.ledger) <= gone_wrong


def every_order_ends(case: Case, state: State) -> bool:
    """5a. At rest: every order is decided and settled, and its mail is off if it owes one."""
    return all(order is None or _has_ended(order) for order in state.orders)


def _has_ended(order: Order) -> bool:
    mailed = order.mail in (SENT, REFUSED) if order.accepted else True
    return order.status in (PROCESSED, FAILED) and order.settled and mailed and order.next == NEVER


def nothing_is_held_at_rest(case: Case, state: State) -> bool:
    """5b. At rest: no holds."""
    return not any(product.holds for product in state.products)


def sold_is_what_was_processed(case: Case, state: State) -> bool:
    """5c. At rest: sold is the sum over Processed orders."""
    processed = [o for o, x in enumerate(state.orders) if x is not None and x.status == PROCESSED]
    return all(
        product.sold == sum(case.requests[o][1][p] for o in processed)
        for p, product in enumerate(state.products)
    )


def every_accepted_order_has_its_mail(case: Case, state: State) -> bool:
    """6. At rest: at least one, unless SES refused it."""
    return all(
        notes.mails > 0 or order.mail == REFUSED
        for order, notes in zip(state.orders, state.ledger, strict=True)
        if order is not None and order.accepted and order.mail in (SENT, REFUSED)
    )


ALWAYS: tuple[Rule, ...] = (
    stock_is_never_negative,
    no_piece_is_lost_or_made,
    accepted_pending_orders_hold_their_items,
    promises_are_kept,
    mails_are_counted_for,
    one_accepted_order_a_key,
    errors_come_after_all_attempts,
    attempts_are_limited,
    what_is_sent_was_taken,
)
# Rules that need a clock, and look at more than documents.
UNDER_A_CLOCK: tuple[Rule, ...] = (nobody_is_overtaken, nobody_comes_between, doubts_have_a_cause)
AT_REST: tuple[Rule, ...] = (
    every_order_ends,
    nothing_is_held_at_rest,
    sold_is_what_was_processed,
    every_accepted_order_has_its_mail,
    what_was_begun_is_undone,
)


def broken(rules: tuple[Rule, ...], case: Case, state: State) -> str | None:
    """The name of the first rule that does not hold."""
    return next((rule.__name__ for rule in rules if not rule(case, state)), None)


def everybody_dies(state: State) -> State:
    """All actors stop where they are; what is still on the wire never arrives."""
    requests = (IDLE,) * len(state.requests)
    return state._replace(requests=requests, workers=(IDLE,), late=(), left=Budget())


def recovery(case: Case, state: State) -> Iterator[Step]:
    """From here on nothing goes wrong: one worker, the sweeper and the reaper, until nothing is left.

    It never ends by itself when it goes round in a circle; the caller counts.
    """
    calm = case._replace(
        failures=0, undo_failures=0, undo_claims=1000, mail_faults=False, purge=False, resends=0, claims=1000
    )
    step = next(successors(calm, state), None)
    while step is not None:
        yield step
        step = next(successors(calm, step[1]), None)
