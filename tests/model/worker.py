"""What a worker does with an order: `advance`, the same for a delivery and for the sweeper.

A worker reads the order, picks the step and writes. Where the write's filter repeats all that the step
depends on, reading and writing are one step here: had the order changed in between, the write would
have matched nothing. Where it does not (READS_AHEAD), they are two. A planted mistake that weakens a
filter lists the write as `split`, which makes them two as well.
"""

from collections.abc import Iterator

from .api import settle
from .clock import is_due, is_held
from .decisions import is_open, undecided
from .state import CLAIMED, DUE, NOW, PROCESSED, UNKNOWN, Actor, Case, Move, Order, State, note, spend
from .step import owes_undo

READS_AHEAD = frozenset({"settle_sold", "settle_returned", "release_key"})


def reads_ahead(case: Case, actor: Actor) -> bool:
    return actor[0] in READS_AHEAD or actor[0] in case.split


def starts(case: Case, state: State) -> Iterator[tuple[State, Actor]]:
    """What an idle worker may begin: an order that the sweeper finds, or one that somebody rang for, at any
    time and again and again. Without a clock both come to the same, and a worker forgets after each step."""
    sweeper = "sweeper" not in case.without
    for o, order in enumerate(state.orders):
        if order is None:
            continue
        if not case.clock:
            if (order.next and sweeper) or o in state.doorbells:
                yield from advance(case, state, o, True, "")
            continue
        if o in state.doorbells:
            due = order.next == NOW
            yield from advance(case, state, o, due, again(case, due))
        if order.next == NOW and sweeper:
            claimed = case.writes["claim"](case, state, o)
            if claimed is not None:
                yield from advance(case, claimed, o, True, again(case, True))


def again(case: Case, due: bool) -> str:
    """How the worker looks at the order after a step. What was due is not any more: the step saw to it."""
    return "look_still_due" if due and "due_read_again" in case.without else "look"


def look(case: Case, state: State, actor: Actor) -> Iterator[tuple[State, Actor]]:
    """The next step of an order that the worker is at already; if there is none, it lets go."""
    name, o = actor
    order = state.orders[o]
    due = name == "look_still_due" or (order is not None and is_due(case, order))
    found = False
    for found_step in advance(case, state, o, due, again(case, due)):
        found = True
        yield found_step
    if not found:
        yield state, ()


def advance(case: Case, state: State, o: int, due: bool, then: str) -> Iterator[tuple[State, Actor]]:
    """The next step of an order as it stands."""
    order = state.orders[o]
    if order is None:
        return
    if undecided(order):
        if due:
            yield state, ("release_key" if "one_write_expiry" in case.without else "expire", o, then)
    elif is_open(order):
        if (due or order.attempts == 0) and not is_held(case, order):
            yield state, _business_step(case, o, order, then)
    elif owes_undo(order):
        if (due or order.faults == 0) and not is_held(case, order) and order.faults < case.undo_claims:
            yield state, ("claim_undo", o, order.faults, then)
    elif not order.settled:
        name = "settle_sold" if order.status == PROCESSED else "settle_returned"
        yield state, settle(name, case, o, then)
    elif due or order.mail_attempts == 0:
        yield from _mail_step(case, state, o, order, then)


def _business_step(case: Case, o: int, order: Order, then: str) -> Actor:
    """Processed at once where there is nothing to do; else an attempt, or the end after the last one."""
    if not case.step:
        early = "decide_before_selling" in case.without
        return settle("settle_sold", case, o, "process") if early else ("process", o, 0, then)
    if order.attempts >= case.attempt_limit:
        return ("fail", o, 0, order.attempts, then)
    return ("claim_step", o, order.attempts, then)


def after_claim(case: Case, state: State, matched: bool, actor: Actor) -> Iterator[Move]:
    name, o, count, then = actor
    if not matched:
        yield (), state, (then, o) if then else ()
    elif name == "claim_step":
        yield (), state, ("call_step", o, count + 1, then)
    else:
        yield (), state, ("call_undo", o, -count - 1, then)


def call_step(case: Case, state: State, actor: Actor) -> Iterator[Move]:
    """It works, or it fails, half done: then once more, later, or for good at the limit. It may kill its
    worker, and takes so long that its lease has to be renewed."""
    _, o, token, then = actor
    notes = state.ledger[o]
    begun = note(state, o, begun=notes.begun + 1, worked=True)
    yield ("step", o, "is done"), begun, ("process", o, token, then)
    if notes.failures < case.failures:
        last = token >= case.attempt_limit or "attempt_limit" in case.without
        failed = note(begun, o, failures=notes.failures + 1)
        end = ("fail", o, token, token, then) if last else ("record_attempt", o, token, "")
        yield ("step", o, "fails"), failed, end
    if state.left.crashes:
        yield ("step", o, "kills its worker"), spend(begun, crashes=-1), ()
    yield from _renew(case, state, actor)


def call_undo(case: Case, state: State, actor: Actor) -> Iterator[Move]:
    _, o, token, then = actor
    notes = state.ledger[o]
    undone = note(state, o, undone=1, worked=False)
    yield ("undo", o, "is done"), undone, ("undo_done", o, token, then)
    if notes.undo_failures < case.undo_failures:
        failed = note(state, o, undo_failures=notes.undo_failures + 1)
        yield ("undo", o, "fails"), failed, ("undo_failed", o, token, "")
    yield from _renew(case, state, actor)


def _renew(case: Case, state: State, actor: Actor) -> Iterator[Move]:
    """Where there is a clock: after its lease ran out a worker that was only slow may get it back."""
    _, o, token, _ = actor
    order = state.orders[o]
    if case.clock and order is not None and order.lapsed:
        after = case.writes["renew_step"](case, state, o, token)
        if after is not None:
            yield ("renew_step", o, token), note(after, o, ran_out=0), actor


def _mail_step(case: Case, state: State, o: int, order: Order, then: str) -> Iterator[tuple[State, Actor]]:
    if order.mail in (DUE, UNKNOWN) and order.mail_attempts < case.claims:
        yield state, ("claim_mail", o, order.mail, order.mail_attempts, then)
    elif order.mail == CLAIMED:
        yield state, ("mail_unknown", o, order.mail_attempts, then)


def after_claim_mail(case: Case, state: State, matched: bool, actor: Actor) -> Iterator[Move]:
    _, o, _, attempts, then = actor
    goes_on = (then, o) if then else ()
    yield (), state, ("send", o, attempts + 1, then) if matched else goes_on


def send(case: Case, state: State, actor: Actor) -> Iterator[Move]:
    """Ask SES once, and learn one of four things. Unknown: SES may have taken it or not."""
    _, o, token, then = actor
    taken = note(state, o, mails=state.ledger[o].mails + 1)
    if case.mail_events:
        taken = note(taken, o, taken=state.ledger[o].taken | {token})
    yield ("send", o, "SES takes it"), taken, ("mail_sent", o, token, then)
    if "one_attempt" in case.without:
        twice = note(state, o, mails=state.ledger[o].mails + 2)
        yield ("send", o, "SES takes it twice"), twice, ("mail_sent", o, token, then)
    if case.mail_faults:
        unanswered = state.ledger[o].unanswered + 1
        yield ("send", o, "surely not sent"), state, ("mail_not_sent", o, token, then)
        yield ("send", o, "SES refuses it"), state, ("mail_refused", o, token, then)
        for world, remark in ((state, "not taken"), (taken, "but taken")):
            noted = note(world, o, unanswered=unanswered)
            yield ("send", o, f"no answer, {remark}"), noted, ("mail_unknown", o, token, then)
