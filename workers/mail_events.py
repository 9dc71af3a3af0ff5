"""Writes down what SES tells of mails after it took them, so that none is sent twice and none in vain.

    taken                  an outcome that was open or unknown is settled: the mail is not sent again
    delivered, bounced,    noted with the mail; the worse of two stands, in whichever order they come
    rejected, complained
    no such address, or    its owner gets no mail any more, until `flask mails allow`
    a complaint

Each is safe to repeat, and what comes late finds another attempt there and does nothing.
"""

from collections.abc import Callable
from typing import Final

import structlog

from config.resources import resources
from models import order_mail, user
from models.documents import Delivery, Order
from models.order import find
from models.order_shape import obstacle
from services import mail_events
from services.aws_queue_service import QueueError
from services.mail_events import EventMessage, MailEvent
from utils import metrics
from workers.faults import is_outage, reason_of

log = structlog.get_logger(__name__)

_TRIES: Final = 10
_PAUSE_SECONDS: Final = 1.0


class _Contended(Exception):
    """Another worker was first, ten times: the event comes again."""


class MailEventConsumer:
    """Takes events off their queue. `wait` pauses, and ends the pause when the worker is to stop."""

    def __init__(self, wait: Callable[[float], object]) -> None:
        self._wait = wait
        self._queue_is_up = True

    def take(self) -> int:
        """Wait for events and apply them. Returns how many messages were finished.

        What cannot be read stays in the queue, for its dead-letter queue. Raises what an outage of MongoDB
        raises: the events come again.
        """
        if resources().mongodb.is_gone():
            self._wait(_PAUSE_SECONDS)
            return 0
        try:
            messages = mail_events.receive_events()
            finished = [message for message in messages if _finish(message)]
            for message in finished:
                mail_events.delete_event(message)
        except QueueError as error:
            if self._queue_is_up:
                log.warning("mail_events_down", error=str(error))
            self._queue_is_up = False
            self._wait(_PAUSE_SECONDS)
            return 0
        self._queue_is_up = True
        return len(finished)


def _finish(message: EventMessage) -> bool:
    """Apply one message. False when it is to stay in the queue."""
    if message.fault:
        log.error("mail_event_not_understood", message_id=message.message_id, reason=message.fault)
        return False
    if message.event is not None:
        try:
            apply(message.event)
        except Exception as error:
            if is_outage(error):
                raise
            log.error("mail_event_failed", message_id=message.message_id, reason=reason_of(error))
            return False
        metrics.mail_events.labels(message.event.delivery or "taken").inc()
    return True


def apply(event: MailEvent) -> None:
    """Write down what an event says, where it is news."""
    for address in event.unreachable:
        if user.suppress_mail(address, "complained" if event.delivery == "complained" else "bounced"):
            log.warning("mail_suppressed", order_id=event.order_id, reason=event.delivery)
    if event.order_id is None or event.attempt is None:
        return
    for _ in range(_TRIES):
        order = find(event.order_id)
        if order is None or obstacle(order) is not None or not _is_news(order, event):
            return
        _write(order, event)
    raise _Contended


def _is_news(order: Order, event: MailEvent) -> bool:
    mail = order.get("mail")
    if mail is None or mail["attempts"] != event.attempt:
        return False
    return mail["state"] in order_mail.OUTCOME_OPEN or (
        mail["state"] == "sent" and _is_worse(event.delivery, mail.get("delivery"))
    )


def _write(order: Order, event: MailEvent) -> None:
    if order["mail"]["state"] in order_mail.OUTCOME_OPEN:
        if order_mail.mail_sent(order, event.message_id) is not None:
            log.info("mail_sent", order_id=order["orderId"], message_id=event.message_id, by="event")
    elif event.delivery is not None:
        order_mail.record_delivery(order, event.delivery)


def _is_worse(delivery: Delivery | None, known: Delivery | None) -> bool:
    return order_mail.RANKS.index(delivery) > order_mail.RANKS.index(known)
