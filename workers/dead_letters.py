"""Reports messages that arrive in the dead-letter queue: a log line and a metric."""

import structlog

from services import dead_letter_service
from services.aws_queue_service import QueueError
from utils import metrics

log = structlog.get_logger(__name__)


class DeadLetterWatch:
    """Looks at the dead-letter queue, and logs what has come since the last look."""

    def __init__(self) -> None:
        self._known = 0

    def look(self) -> None:
        try:
            dead = dead_letter_service.status().dead or 0
        except QueueError:
            return  # the consumer has logged that the queue is down
        metrics.dead_letters.labels("orders").set(dead)
        if dead > self._known:
            log.error("dead_letters_arrived", dead=dead, new=dead - self._known)
        self._known = dead
