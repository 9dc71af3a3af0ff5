"""What the world of the model looks like: plain tuples, so that a state can be hashed and kept.

Orders, products and requests are numbered from 0. A hold id is a number that no
other has.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

from models.documents import FailureReason, MailState, Status

PENDING: Final[Status] = "Pending"
PROCESSED: Final[Status] = "Processed"
FAILED: Final[Status] = "Failed"
OUT_OF_STOCK: Final[FailureReason] = "out_of_stock"
EXPIRED: Final[FailureReason] = "expired"
PROCESSING_ERROR: Final[FailureReason] = "processing_error"
CANCELLED: Final[FailureReason] = "cancelled"
DUE: Final[MailState] = "due"
CLAIMED: Final[MailState] = "claimed"
SENT: Final[MailState] = "sent"
UNKNOWN: Final[MailState] = "unknown"
REFUSED: Final[MailState] = "refused"
# nextActionAt: absent, to come, or reached.
NEVER, LATER, NOW = 0, 1, 2

# Where an actor goes on: the name of its next atomic step and what it remembers. () is idle, or over.
Actor = tuple[Any, ...]
IDLE: Actor = ()
# What an actor did, for the trace.
Label = tuple[object, ...]
# An actor's step: what it did, the world after it, and where the actor goes on.
Move = tuple[Label, "State", Actor]


class Order(NamedTuple):
    """A document of `orders`. `next` is its nextActionAt; `keyed` says that it has its idempotency key;
    the number of mail attempts also serves as the token of a claim. `step` is the token of the claim of the
    business step, or of its undo, and `lapsed` says that its lease has run out; `undo` that it is owed."""

    status: Status = PENDING
    accepted: bool = False
    settled: bool = False
    reason: FailureReason | Literal[""] = ""
    hold_ids: tuple[int, ...] = ()
    next: int = LATER
    keyed: bool = False
    attempts: int = 0
    step: int = 0
    lapsed: bool = False
    undo: bool = False
    faults: int = 0
    mail: MailState | Literal[""] = ""
    mail_attempts: int = 0


class Product(NamedTuple):
    """A document of `inventories`; a hold is (order, hold id, quantity). `received` never changes."""

    stock: int
    sold: int = 0
    holds: tuple[tuple[int, int, int], ...] = ()


class Ledger(NamedTuple):
    """What really happened to an order, outside the database: the referee's notes.

    told: the last promise to a client ("201" or "cancelled"); begun: business steps; failures: those that
    failed; worked: since the last undo a step began, so something may have been done; undone: 1 once it was;
    undo_failures; ran_out: the step whose lease ran out while its worker was at it; mails: accepted by SES;
    unanswered: sends that SES did not answer; unknowns: outcomes written down as unknown; settled: those of
    them that an event told of in time; taken: the attempts whose mails SES took, where it sends events;
    resends: mails that an operator asked for.
    """

    told: str = ""
    begun: int = 0
    failures: int = 0
    undone: int = 0
    undo_failures: int = 0
    ran_out: int = 0
    mails: int = 0
    unanswered: int = 0
    unknowns: int = 0
    settled: int = 0
    taken: frozenset[int] = frozenset()
    resends: int = 0
    worked: bool = False


class Budget(NamedTuple):
    """What may still go wrong: actors that die, writes that arrive late, and, where there is a clock, actors
    so slow that the time of what they work on runs out."""

    crashes: int = 0
    lates: int = 0
    slow: int = 0


class State(NamedTuple):
    """The whole world at one moment. `late` are writes that outlived their sender."""

    orders: tuple[Order | None, ...]
    products: tuple[Product, ...]
    ledger: tuple[Ledger, ...]
    doorbells: frozenset[int]
    requests: tuple[Actor, ...]
    workers: tuple[Actor, ...]
    late: tuple[Actor, ...]
    left: Budget


class Case(NamedTuple):
    """What is searched: who takes part, what may go wrong, and which rules are in force.

    requests: (key or None, quantity of each product); the order that request r inserts is order r.
    clock: False lets everything be due at any moment; True is explained in clock.py.
    step: there is a business step to do, with an undo; False is the default, which does nothing.
    mail_events: SES tells of each mail that it took, at any time, in any order, again and again.
    failures, undo_failures, undo_claims, claims, resends: the most of them for one order; the recovery needs
    no such limits.
    writes, without: replaced writes and missing rules, for planted mistakes.
    split: writes whose order is read in a step of its own; see worker.py.
    """

    name: str
    requests: tuple[tuple[int | None, tuple[int, ...]], ...]
    stock: tuple[int, ...]
    writes: Mapping[str, Callable[..., State | None]]
    cancels: int = 0
    workers: int = 1
    budget: Budget = Budget()
    clock: bool = False
    hold_tries: int = 1
    step: bool = False
    failures: int = 0
    undo_failures: int = 0
    undo_claims: int = 2
    attempt_limit: int = 2
    claims: int = 1
    mail_faults: bool = False
    mail_events: bool = False
    resends: int = 0
    purge: bool = False
    accepted_at_start: bool = False
    split: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()


def first_state(case: Case) -> State:
    """Full shelves and no order yet; or, with `accepted_at_start`, every order accepted and rung for."""
    count, started = len(case.requests), case.accepted_at_start
    requests = tuple(IDLE if started else ("insert_intent", r) for r in range(count))
    return State(
        orders=tuple(_accepted(case, o) if started else None for o in range(count)),
        products=tuple(_product(case, p) for p in range(len(case.stock))),
        ledger=(Ledger(told="201") if started else Ledger(),) * count,
        doorbells=frozenset(range(count)) if started else frozenset(),
        requests=requests + (("find_to_cancel",),) * case.cancels,
        workers=(IDLE,) * case.workers,
        late=(),
        left=case.budget,
    )


def _accepted(case: Case, o: int) -> Order:
    key, quantities = case.requests[o]
    hold_ids = tuple(int(quantity > 0) for quantity in quantities)
    return Order(accepted=True, hold_ids=hold_ids, keyed=key is not None)


def _product(case: Case, p: int) -> Product:
    if not case.accepted_at_start:
        return Product(case.stock[p])
    wanted = [(o, quantities[p]) for o, (_, quantities) in enumerate(case.requests)]
    holds = tuple((o, 1, quantity) for o, quantity in wanted if quantity)
    return Product(case.stock[p] - sum(quantity for _, _, quantity in holds), 0, holds)


def products_of(case: Case, o: int) -> tuple[int, ...]:
    """The products that order `o` asks for."""
    return tuple(p for p, quantity in enumerate(case.requests[o][1]) if quantity)


def put_order(state: State, o: int, order: Order | None) -> State:
    """The state with order `o` replaced."""
    return state._replace(orders=state.orders[:o] + (order,) + state.orders[o + 1 :])


def put_product(state: State, p: int, product: Product) -> State:
    """The state with product `p` replaced."""
    return state._replace(products=state.products[:p] + (product,) + state.products[p + 1 :])


def note(state: State, o: int, **changes: Any) -> State:
    """The state with the referee's notes on order `o` changed."""
    notes = state.ledger[o]._replace(**changes)
    return state._replace(ledger=state.ledger[:o] + (notes,) + state.ledger[o + 1 :])


def spend(state: State, **changes: int) -> State:
    """The state with something gone wrong: the budget for it is changed by that much."""
    left = {name: getattr(state.left, name) + change for name, change in changes.items()}
    return state._replace(left=state.left._replace(**left))
