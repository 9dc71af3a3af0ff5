"""`advance`: look at an order and do the next step until nothing is left. Port of the core of
workers/orderWorker.js, which set a status, cached, mailed an ObjectId and did so again for ever.

It can be called for any order at any time, by any number of workers at once: each step is a compare-and-set,
and the worker that loses one reads again. Decide before settling, always: the status is the commit point.
"""

from datetime import datetime

from models import order_decisions
from models.documents import Order
from models.order import PENDING, is_accepted, owes_mail, read_again
from models.order_faults import CannotWork
from models.order_shape import obstacle
from models.settlement import settle
from services.fulfilment import Fulfilment
from utils import clock, tracing
from workers.business_step import BusinessStep
from workers.faults import is_outage, note_fault
from workers.mail_step import MailStep
from workers.step_threads import StepThreads

# Far more than any order needs, however many workers are at it.
_MAX_STEPS = 100


class _NoProgress(Exception):
    """Each write says that another worker was first, and each read that none was."""


class Advancer:
    """Finishes orders with one business step and one mail step, which have threads of their own."""

    def __init__(self, fulfilment: Fulfilment, step_threads: StepThreads, mail_step: MailStep) -> None:
        self._business_step = BusinessStep(fulfilment, step_threads, self.advance)
        self._mail_step = mail_step

    def advance(self, order: Order, due: bool = False, patient: bool = False) -> None:
        """Bring an order, as it was just read, as far as it can go now.

        `due` says that the caller has claimed it because its time had come; else its `nextActionAt` says.
        `patient` says that it may wait for a thread for the business step; else that is left to the sweep.
        Raises what an outage of MongoDB raises, and nothing else: a fault of the order is written down.
        """
        with tracing.span("advance", order):
            self._advance(order, due, patient)

    def _advance(self, order: Order, due: bool, patient: bool) -> None:
        current = order
        try:
            for _ in range(_MAX_STEPS):
                after = self._step(current, due or _is_due(current), patient)
                if after is current:
                    return
                due = False  # it was so for the first step; what that has put off is not due any more
                # None: another worker was first. Read what they made of it, and go on from there.
                after = after if after is not None else read_again(order)
                if after is None:
                    return
                current = after
            raise _NoProgress
        except Exception as error:
            if is_outage(error):
                raise
            note_fault(current, error)

    def _step(self, order: Order, due: bool, patient: bool) -> Order | None:
        """Do what the state asks for. Returns the order after it, None if a race was lost, or the same order
        when there is nothing to do now."""
        if "putAside" in order:
            return _let_go(order)
        if (reason := obstacle(order)) is not None:
            raise CannotWork(reason)
        if order["status"] == PENDING and not is_accepted(order):
            return order_decisions.expire(order) if due else order
        if order["status"] == PENDING or "undoOwed" in order:
            return self._business_step.begin(order, due, patient)
        if not order.get("settled") and "accepted" in order:  # the Node app's ended orders hold nothing
            return settle(order)
        if owes_mail(order):
            self._mail_step.run(order, due)
            return order
        return _let_go(order)


def _let_go(order: Order) -> Order:
    """Nothing is left to do for a worker."""
    if "nextActionAt" in order:
        order_decisions.finish(order)
    return order


def _is_due(order: Order) -> bool:
    due = order.get("nextActionAt")
    return isinstance(due, datetime) and due <= clock.now()
