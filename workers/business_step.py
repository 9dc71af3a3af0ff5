"""The business step and its undo: claim, call, write down what it came to.

Pending -> claimed -> Processed
                   -> Pending       it failed: again after a back-off, 5 attempts in all, deaths included
                   -> Failed        after the last one; then undo, as for who cancels after an attempt

They have threads of their own and never hold another order up: a step is handed over if one of these is free,
and else left to the sweep.
"""

import time
from collections.abc import Callable
from copy import deepcopy
from typing import NamedTuple

import structlog

from models import order_decisions, order_step
from models.documents import Order
from models.order import PENDING, to_json
from models.order_faults import MAX_FAULTS, CannotWork, faults_of
from models.order_step import MAX_ATTEMPTS
from services import redis_service
from services.fulfilment import Fulfilment, Step
from utils import clock, metrics, tracing
from utils.crash_points import crash_point
from workers.faults import is_outage, note_fault, reason_of
from workers.retry import retry_seconds
from workers.step_threads import StepThreads

log = structlog.get_logger(__name__)

Advance = Callable[[Order], None]


class _Work(NamedTuple):
    """One of the two: its name in metrics, what to call, and the writes around it."""

    name: str
    call: Callable[[Step, Order], None]
    step: Step
    claim: Callable[[Order, float], Order | None]
    done: Callable[[Order], Order | None]
    failed: Callable[[Order, BaseException], Order | None]


class BusinessStep:
    """Does the step of an order on `threads`, and hands the order back to `advance`."""

    def __init__(self, fulfilment: Fulfilment, threads: StepThreads, advance: Advance) -> None:
        self._step, self._undo = fulfilment
        self._threads = threads
        self._advance = advance

    def begin(self, order: Order, due: bool, patient: bool) -> Order | None:
        """Do what an accepted Pending order, or one that owes its undo, asks for now.

        `due` says that its time has come; `patient` waits for a free thread. Returns the order after it, None
        if a race was lost, or the same order when that is all for now.
        """
        if order_step.is_held(order):
            return order
        begin = self._begin_step if order["status"] == PENDING else self._begin_undo
        return begin(order, due, patient)

    def _begin_step(self, order: Order, due: bool, patient: bool) -> Order | None:
        if order.get("attempts") and not due:  # a second message is no reason to be early
            return order
        if self._step is None:
            return _announced(order_decisions.process(order))
        if order.get("attempts", 0) >= MAX_ATTEMPTS:
            return _announced(order_decisions.fail(order, "processing_error"))
        attempt = _Work("step", call_step, self._step, order_step.claim_step, _processed, _attempt_failed)
        return self._hand_over(order, attempt, patient)

    def _begin_undo(self, order: Order, due: bool, patient: bool) -> Order | None:
        if self._undo is None:
            return order_step.drop_undo(order)
        if faults_of(order) and not due:
            return order
        if faults_of(order) >= MAX_FAULTS:
            raise CannotWork(f"its undo was tried {MAX_FAULTS} times in vain, or the worker died of it")
        undo = _Work("undo", call_undo, self._undo, order_step.claim_undo, order_step.undo_done, _undo_failed)
        return self._hand_over(order, undo, patient)

    def _hand_over(self, order: Order, work: _Work, patient: bool) -> Order:
        if self._threads.take(patient):
            self._threads.run(lambda given: self._do(work, given), order)
        else:
            order_step.step_postponed(order)
            self._threads.wake()
        return order

    def _do(self, work: _Work, order: Order) -> None:
        """On a thread for it: do it, if no other worker was first, and go on with the order."""
        current: Order | None = order
        try:
            claimed = work.claim(order, self._threads.lease_seconds)
            if claimed is None:
                return
            if "step" in order:
                metrics.step_attempts.labels(work.name, "died").inc()
            current = claimed
            current = self._call(work, claimed)
        except Exception as error:
            if is_outage(error):
                raise
            note_fault(current or order, error)
            return
        if current is not None:
            self._advance(current)

    def _call(self, work: _Work, claimed: Order) -> Order | None:
        """Returns the order after it; None when its claim was lost."""
        began = time.monotonic()
        try:
            with (
                tracing.span(work.name, claimed),
                self._threads.kept(claimed, lambda order: self._give_up(work, order)),
            ):
                work.call(work.step, deepcopy(claimed))  # whatever it does to the document
        except (Exception, SystemExit) as error:  # noqa: BLE001 - another team's code
            after, outcome = work.failed(claimed, error), "failed"
        else:
            after, outcome = work.done(claimed), "done"
        _count(work.name, outcome if after is not None else "lost")
        metrics.step_seconds.labels(work.name).observe(time.monotonic() - began)
        return after

    def _give_up(self, work: _Work, claimed: Order) -> None:
        """It has run too long, and is still at it."""
        after = work.failed(claimed, TimeoutError())
        if after is not None:
            _count(work.name, "timed_out")
            self._advance(after)


@crash_point
def call_step(step: Step, order: Order) -> None:
    step(order)


@crash_point
def call_undo(undo: Step, order: Order) -> None:
    undo(order)


def _processed(claimed: Order) -> Order | None:
    return _announced(order_decisions.process(claimed, order_step.token_of(claimed)))


def _attempt_failed(claimed: Order, error: BaseException) -> Order | None:
    attempt = claimed["attempts"]
    _warn("fulfilment_failed", claimed, attempt, error)
    if attempt < MAX_ATTEMPTS:
        return order_step.record_attempt(claimed, clock.after(retry_seconds(attempt)))
    return _announced(order_decisions.fail(claimed, "processing_error", order_step.token_of(claimed)))


def _undo_failed(claimed: Order, error: BaseException) -> Order | None:
    tries = faults_of(claimed)
    _warn("undo_failed", claimed, tries, error)
    released = order_step.undo_failed(claimed, clock.after(retry_seconds(tries)))
    if released is not None and tries >= MAX_FAULTS:
        reason = reason_of(error) if isinstance(error, Exception) else type(error).__name__
        note_fault(released, CannotWork(f"its undo failed {tries} times: {reason}"))
        return None
    return released


def _announced(decided: Order | None) -> Order | None:
    """Put a decision into the cache, in place of what was there before it, and log it."""
    if decided is not None:
        redis_service.put_order(to_json(decided))
        log.info(f"order_{decided['status'].lower()}", order_id=decided["orderId"])
    return decided


def _warn(event: str, order: Order, attempt: int, error: BaseException) -> None:
    log.warning(event, order_id=order["orderId"], attempt=attempt, error=type(error).__name__)


def _count(name: str, outcome: str) -> None:
    metrics.step_attempts.labels(name, outcome).inc()
