"""Measures what no event counts: how late work is and how full the queue is. For Prometheus, and the log."""

from collections.abc import Callable
from datetime import datetime

import structlog
from pymongo.errors import PyMongoError

from models.documents import Order
from models.order import count_put_aside, find_due, find_due_mails
from services import dead_letter_service
from services.aws_queue_service import QueueError
from utils import clock, metrics

log = structlog.get_logger(__name__)

# One would do, but for times of other programs that are none.
_LOOKED_AT = 20
_COUNTED = 1000  # and not beyond


class Observer:
    """One look now and then. What cannot be measured is not there: an old number would hide an outage."""

    def __init__(self) -> None:
        self._known_dead = 0

    def look(self) -> None:
        self._look_at_queue()
        try:
            late = {"order": _seconds_overdue(find_due), "mail": _seconds_overdue(find_due_mails)}
            put_aside = count_put_aside(_COUNTED)
        except PyMongoError:
            metrics.overdue.clear()
            metrics.orders_in_state.clear()
            raise
        for work, seconds in late.items():
            metrics.overdue.labels(work).set(seconds)
        metrics.orders_in_state.labels("put_aside").set(put_aside)

    def _look_at_queue(self) -> None:
        try:
            status = dead_letter_service.status()
        except QueueError:
            metrics.queue_messages.clear()
            return  # the consumer has logged that the queue is down
        metrics.queue_messages.labels("waiting").set(status.waiting)
        metrics.queue_messages.labels("in_flight").set(status.in_flight)
        dead = status.dead or 0
        metrics.queue_messages.labels("dead").set(dead)
        if dead > self._known_dead:
            log.error("dead_letters_arrived", dead=dead, new=dead - self._known_dead)
        self._known_dead = dead


def _seconds_overdue(find: Callable[[datetime, int], list[Order]]) -> float:
    """Since when the longest due of those has been due; 0 when none is. Along the index of `nextActionAt`."""
    now = clock.now()
    times = [order["nextActionAt"] for order in find(now, _LOOKED_AT)]
    return max(((now - time).total_seconds() for time in times if isinstance(time, datetime)), default=0.0)
