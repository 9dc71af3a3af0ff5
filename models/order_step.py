"""The writes of the business step and of its undo. Each is a compare-and-set, as in order_decisions.py.

Both are code of others (services/fulfilment.py), which may run long, hang, or end its process. So a worker
claims the order before it calls them: for a lease, which it renews while they run. The attempt is counted by
the claim, so that a death counts too. No other worker calls them or decides the order while the lease lasts;
a worker that has lost it decides nothing any more.

    claim_step -> renew_step ... -> process | fail | record_attempt
    claim_undo -> renew_step ... -> undo_done | undo_failed
"""

from datetime import datetime
from uuid import uuid4

from models.documents import Order, Query
from models.order import FAILED
from models.order_decisions import OPEN, claimed_by, transition, unchanged
from models.order_faults import faults_of
from utils import clock
from utils.crash_points import crash_point

MAX_ATTEMPTS = 5

_NOT_ASIDE = {"putAside": {"$exists": False}}
_OWED = {"status": FAILED, "undoOwed": True, "settled": {"$ne": True}}


def is_held(order: Order) -> bool:
    """Whether a worker is at the business step or its undo, or has died at it less than a lease ago."""
    return "step" in order and bool(order["step"]["until"] > clock.now())


@crash_point
def claim_step(order: Order, lease_seconds: float) -> Order | None:
    """Take the order for one attempt of its business step."""
    attempt = order.get("attempts", 0) + 1
    same = {**OPEN, **_NOT_ASIDE, **claimed_by(None), **unchanged(order, "attempts")}
    changes = {**_lease(uuid4().hex, lease_seconds), "attempts": attempt}
    return transition(order, same, "attempt_begun", changes, attempt=attempt)


@crash_point
def renew_step(order: Order, lease_seconds: float) -> Order | None:
    """The step, or the undo, still runs. None when another worker has it."""
    token = token_of(order)
    return transition(order, claimed_by(token), None, _lease(token, lease_seconds))


@crash_point
def record_attempt(order: Order, retry_at: datetime) -> Order | None:
    """The attempt failed. Look again at `retry_at`; until then the customer may cancel."""
    same = {**OPEN, **claimed_by(token_of(order))}
    changes = {"nextActionAt": retry_at}
    return transition(order, same, "attempt_failed", changes, ("step",), attempt=order["attempts"])


@crash_point
def claim_undo(order: Order, lease_seconds: float) -> Order | None:
    """Take the order for its undo. Each try counts as a fault until one succeeds (order_faults.py)."""
    same = {**_OWED, **_NOT_ASIDE, **claimed_by(None), **unchanged(order, "faults")}
    changes = {**_lease(uuid4().hex, lease_seconds), "faults": faults_of(order) + 1}
    return transition(order, same, None, changes)


@crash_point
def undo_done(order: Order) -> Order | None:
    """What the attempts had done is undone: its stock can be given back."""
    same = {**_OWED, **claimed_by(token_of(order))}
    return transition(order, same, "undone", {}, ("undoOwed", "step", "faults"))


@crash_point
def undo_failed(order: Order, retry_at: datetime) -> Order | None:
    """Look again at `retry_at`."""
    same = {**_OWED, **claimed_by(token_of(order))}
    return transition(order, same, None, {"nextActionAt": retry_at}, ("step",))


@crash_point
def drop_undo(order: Order) -> Order | None:
    """There is no undo to call."""
    return transition(order, {**_OWED, **claimed_by(None)}, None, {}, ("undoOwed", "step"))


@crash_point
def step_postponed(order: Order) -> Order | None:
    """All threads for it are taken: due for the next sweep. No claim, no attempt, no event."""
    same = {"status": order["status"], **unchanged(order, "nextActionAt")}
    return transition(order, same, None, {"nextActionAt": clock.now()})


def token_of(order: Order) -> str:
    """That of the claim which this worker holds."""
    return str(order["step"]["token"])


def _lease(token: str, seconds: float) -> Query:
    until = clock.after(seconds)
    return {"step": {"token": token, "until": until}, "nextActionAt": until}
