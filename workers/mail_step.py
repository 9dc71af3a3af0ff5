"""The mail about an ended order: claim, send once, write down what it came to.

due -> claimed -> sent
               -> due again        it surely was not sent
               -> refused          it never will be
               -> unknown          perhaps it was: sent again after 10 min, since a lost mail is worse
"""

import structlog

from models import order_mail, user
from models.order import Document
from services import aws_mail_service
from services.mail_templates import order_status
from utils.rate_limiter import RateLimiter
from workers.retry import retry_seconds

log = structlog.get_logger(__name__)

_DONE = ("sent", "refused")


class MailStep:
    """Sends mails no faster than the account may."""

    def __init__(self, rate: RateLimiter, unknown_retry_seconds: float) -> None:
        self._rate = rate
        self._unknown_retry_seconds = unknown_retry_seconds

    def run(self, order: Document, due: bool) -> Document | None:
        """The next step of the mail: the order after it, None for a lost race, or the same for nothing."""
        mail = order["mail"]
        if mail["state"] in _DONE:
            return order
        first_try = mail["state"] == "due" and mail["attempts"] == 0
        if not due and not first_try:
            return order
        if mail["state"] == "claimed":  # its worker died between the claim and the note
            return order_mail.mail_unknown(order, self._unknown_retry_seconds)
        wait = self._rate.acquire()
        if wait > 0:
            order_mail.mail_postponed(order, wait)
            return order
        claimed = order_mail.claim_mail(order)
        return None if claimed is None else self._send(claimed)

    def _send(self, order: Document) -> Document | None:
        """Send a claimed mail, once, and write down what it came to."""
        address = user.email_of(order["userId"])
        if address is None:
            return order_mail.mail_refused(order, "the user does not exist any more")
        try:
            message_id = aws_mail_service.send_mail(address, order_status(order))
        except aws_mail_service.MailRefused as error:
            log.error("mail_refused", order_id=order["orderId"], reason=str(error))
            return order_mail.mail_refused(order, str(error))
        except aws_mail_service.MailUnknown as error:
            log.warning("mail_unknown", order_id=order["orderId"], reason=str(error))
            return order_mail.mail_unknown(order, self._unknown_retry_seconds)
        except aws_mail_service.MailNotSent as error:
            log.warning("mail_not_sent", order_id=order["orderId"], reason=str(error))
            return order_mail.mail_not_sent(order, retry_seconds(order["mail"]["attempts"]))
        log.info("mail_sent", order_id=order["orderId"], message_id=message_id)
        return order_mail.mail_sent(order, message_id)
