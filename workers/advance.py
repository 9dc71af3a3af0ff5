"""`advance`: look at an order and do the next step until nothing is left. Port of the core of
workers/orderWorker.js, which set a status, cached, mailed an ObjectId and did so again for ever.

It can be called for any order at any time, by any number of workers at once: each step is a compare-and-set,
and whoever loses one reads again. Decide before booking, always: the status is the commit point.
"""

from datetime import datetime

import structlog

from models import order_decisions
from models.order import PENDING, Document, is_accepted, owes_mail, read_again, to_json
from models.order_faults import CannotWork
from models.order_shape import obstacle
from models.settlement import settle
from services import redis_service
from services.fulfilment import Fulfil
from utils import clock
from workers.faults import is_outage, note_fault
from workers.mail_step import MailStep
from workers.retry import retry_seconds

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 5
# Far more than any order needs, however many workers are at it.
_MAX_STEPS = 100


class _NoProgress(Exception):
    """Each write says that somebody else was first, and each read that nobody was."""


class Advancer:
    """Finishes orders with one business step and one mail step, which has threads of its own."""

    def __init__(self, fulfil: Fulfil, mail_step: MailStep) -> None:
        self._fulfil = fulfil
        self._mail_step = mail_step

    def advance(self, order: Document, due: bool = False) -> None:
        """Bring an order, as it was just read, as far as it can go now.

        `due` says that the caller has claimed it because its time had come; else its `nextActionAt` says.
        Raises what an outage of MongoDB raises, and nothing else: a fault of the order is written down.
        """
        current = order
        try:
            for _ in range(_MAX_STEPS):
                after = self._step(current, due or _is_due(current))
                if after is current:
                    return
                due = False  # it was so for the first step; what that has put off is not due any more
                # None: somebody else was first. Read what they made of it, and go on from there.
                after = after if after is not None else read_again(order)
                if after is None:
                    return
                current = after
            raise _NoProgress
        except Exception as error:
            if is_outage(error):
                raise
            note_fault(current, error)

    def _step(self, order: Document, due: bool) -> Document | None:
        """Do what the state asks for. Returns the order after it, None if a race was lost, or the same order
        when there is nothing to do now."""
        if "putAside" in order:
            return _let_go(order)
        if (reason := obstacle(order)) is not None:
            raise CannotWork(reason)
        if order["status"] == PENDING:
            if not is_accepted(order):
                return order_decisions.expire(order) if due else order
            if order.get("attempts") and not due:  # a second message is no reason to be early
                return order
            return self._decide(order)
        if not order.get("settled") and "accepted" in order:  # the Node app's ended orders hold nothing
            return settle(order)
        if owes_mail(order):
            self._mail_step.run(order, due)
            return order
        return _let_go(order)

    def _decide(self, order: Document) -> Document | None:
        """The business step, then Processed; or a later try; or Failed for good."""
        try:
            self._fulfil(order)
        except Exception as error:  # noqa: BLE001 - somebody else's code: whatever it is, try again later
            return self._attempt_failed(order, error)
        processed = order_decisions.process(order)
        if processed is not None:
            redis_service.put_order(to_json(processed))
            log.info("order_processed", order_id=order["orderId"])
        return processed

    def _attempt_failed(self, order: Document, error: Exception) -> Document | None:
        attempt = order.get("attempts", 0) + 1
        log.warning(
            "fulfilment_failed", order_id=order["orderId"], attempt=attempt, error=type(error).__name__
        )
        if attempt < MAX_ATTEMPTS:
            order_decisions.record_attempt(order, clock.after(retry_seconds(attempt)))
            return order
        failed = order_decisions.fail(order, "processing_error")
        if failed is not None:
            redis_service.put_order(to_json(failed))
        return failed


def _let_go(order: Document) -> Document:
    """Nothing is left to do for a worker."""
    if "nextActionAt" in order:
        order_decisions.finish(order)
    return order


def _is_due(order: Document) -> bool:
    due = order.get("nextActionAt")
    return isinstance(due, datetime) and due <= clock.now()
