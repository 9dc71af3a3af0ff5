"""How actors move: one atomic step each, or their death between two, or in one with the write on its way."""

from collections.abc import Callable, Iterator

from . import api, worker
from .state import IDLE, Actor, Case, Label, Move, State, spend

Step = tuple[Label, State]

# How much of the actor is the write that it sends; the rest is what it remembers for later.
WRITE_LENGTH = {
    "insert_intent": 2,
    "accept": 3,
    "reject": 3,
    "expire": 2,
    "release_key": 2,
    "cancel": 3,
    "process": 3,
    "fail": 4,
    "claim_step": 3,
    "renew_step": 3,
    "record_attempt": 3,
    "claim_undo": 3,
    "undo_done": 3,
    "undo_failed": 3,
    "settle_sold": 3,
    "settle_returned": 3,
    "mark_settled": 3,
    "claim_mail": 4,
    "mail_sent": 3,
    "mail_refused": 3,
    "mail_not_sent": 3,
    "mail_unknown": 3,
}
AFTER: dict[str, Callable[[Case, State, bool, Actor], Iterator[Move]]] = {
    "insert_intent": api.after_insert_intent,
    "accept": api.after_accept,
    "reject": api.after_reject,
    "expire": api.after_expire,
    "cancel": api.after_cancel,
    "settle_sold": api.after_settle,
    "settle_returned": api.after_settle,
    "claim_step": worker.after_claim,
    "claim_undo": worker.after_claim,
    "claim_mail": worker.after_claim_mail,
}
NO_WRITES = {
    "reserve": api.reserve,
    "held_for": api.held_for,
    "ring": api.ring,
    "call_step": worker.call_step,
    "call_undo": worker.call_undo,
    "send": worker.send,
}

# What a late one does a worker or the reaper may do at any moment, so it need not be sent late.
OF_AUDITOR = frozenset({"settle_returned"})


def request_steps(case: Case, state: State) -> Iterator[Step]:
    for r, actor in enumerate(state.requests):
        if actor and not _waits_its_turn(case, state, r):
            who = f"request {r + 1}" if r < len(case.requests) else "cancel request"
            for label, after, then in _request_moves(case, state, actor):
                requests = state.requests[:r] + (then,) + state.requests[r + 1 :]
                yield (who, *label), after._replace(requests=requests)


def _waits_its_turn(case: Case, state: State, r: int) -> bool:
    """Of requests that are alike, the first starts first: any other order is the same but for names."""
    alike = 0 < r < len(case.requests) and case.requests[r] == case.requests[r - 1]
    return alike and state.requests[r - 1] == ("insert_intent", r - 1)


def _request_moves(case: Case, state: State, actor: Actor) -> Iterator[Move]:
    if actor[0] == "find_to_cancel":
        for seen, then in api.find_to_cancel(case, state):
            yield from _begin(case, seen, then)
        return
    yield from _moves(case, state, actor)
    if case.clock and state.left.crashes and actor[0] != "insert_intent":
        yield ("dies before", actor[0], actor[1]), spend(state, crashes=-1), IDLE


def worker_steps(case: Case, state: State) -> Iterator[Step]:
    for w, actor in enumerate(state.workers):
        if w and actor == state.workers[w - 1]:
            continue
        others = state.workers[:w] + state.workers[w + 1 :]
        for label, after, then in _worker_moves(case, state, actor):
            yield ("worker", *label), after._replace(workers=tuple(sorted((*others, then))))


def _worker_moves(case: Case, state: State, actor: Actor) -> Iterator[Move]:
    if not actor:
        for seen, then in worker.starts(case, state):
            yield from _begin(case, seen, then)
        return
    if actor[0] in ("look", "look_still_due"):
        for seen, then in worker.look(case, state, actor):
            yield from _begin(case, seen, then)
    else:
        yield from _moves(case, state, actor)
    if state.left.crashes:
        yield ("dies before", actor[0], actor[1]), spend(state, crashes=-1), IDLE


def _begin(case: Case, seen: State, then: Actor) -> Iterator[Move]:
    """A step whose order was just read: at once where that is the same, else a step of its own."""
    if not then:
        yield ("lets go",), seen, IDLE
    elif worker.reads_ahead(case, then):
        yield ("reads, is about to", then[0], then[1]), seen, then
    else:
        yield from _moves(case, seen, then)


def _moves(case: Case, state: State, actor: Actor) -> Iterator[Move]:
    """The actor's next atomic step; or it dies, with its write on the wire to arrive late or never."""
    name = actor[0]
    if name in NO_WRITES:
        yield from NO_WRITES[name](case, state, actor)
        return
    write = actor[: WRITE_LENGTH[name]]
    after = case.writes[name](case, state, *write[1:])
    label = write if after is not None else (*write, "matches nothing")
    if name in AFTER:
        for remark, then_state, then in AFTER[name](case, after or state, after is not None, actor):
            yield (*label, *remark), then_state, then
    else:
        yield label, after or state, _next(actor)
    if state.left.lates and (name not in OF_AUDITOR or name in case.split):
        yield ("dies in", *write), api.send_late(state, write), IDLE


def _next(actor: Actor) -> Actor:
    if actor[0] == "release_key":
        return ("expire", *actor[1:])
    return api.follow(actor[-1], actor[1])
