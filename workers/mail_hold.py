"""Why no mail goes out while the account at SES is at fault: said once a change, by a metric (`mails_held`),
a log line, and a word that /readyz of every API process shows.

The word lies in Redis, under a time after which it goes by itself, as the worker may have died. Without Redis
/readyz says nothing of mails; the metric and the log do.
"""

import threading
from datetime import datetime

import structlog

from services import redis_service
from utils import clock, metrics

log = structlog.get_logger(__name__)

# A mail that is held is tried again after 300 s at most: twice that without a fault, and it is another's, or
# there is none left.
HOLD_SECONDS = 600

# A worker that has ended since may have left its word: that goes with the first mail that is taken.
_NOT_KNOWN_YET = ""


class MailHold:
    """What one worker knows of it. Thread-safe."""

    def __init__(self) -> None:
        self._reason: str | None = _NOT_KNOWN_YET
        self._of_recipients = False
        self._until: datetime | None = None
        self._moved = threading.Lock()

    def begin(self, reason: str, of_recipient: bool) -> None:
        """A mail was not sent for that reason. It is logged when it is another reason than before."""
        with self._moved:
            before, self._reason, self._of_recipients = self._reason, reason, of_recipient
            self._until = clock.after(HOLD_SECONDS)
        redis_service.note_mails_held(reason, HOLD_SECONDS)
        if before != reason:
            _lower(before)
            metrics.mails_held.labels(reason).set(1)
            log.error("mails_held", reason=reason)

    def mail_taken(self) -> None:
        """SES took a mail, so it takes them again. A verified recipient says nothing of the others."""
        if self._reason is not None and not self._of_recipients:
            self._end()

    def expire(self) -> None:
        """No mail has met that fault for long: there is none that would."""
        if self._until is not None and clock.now() >= self._until:
            self._end()

    def _end(self) -> None:
        with self._moved:
            before, self._reason, self._until = self._reason, None, None
        redis_service.note_mails_go_out()
        if before:
            _lower(before)
            log.info("mails_held_no_longer", reason=before)


def _lower(reason: str | None) -> None:
    if reason:
        metrics.mails_held.labels(reason).set(0)
