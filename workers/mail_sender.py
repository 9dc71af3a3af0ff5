"""Sends the mail about one ended order: claim, send once, write down what it came to.

due -> claimed -> sent
               -> due again        it surely was not sent
               -> refused          it never will be
               -> unknown          perhaps it was: sent again after 10 min, since a lost mail is worse
"""

from typing import Final, NamedTuple

import structlog
from bson import ObjectId

from models import order_decisions, order_mail, user
from models.documents import Order
from models.order_faults import CannotWork
from models.order_shape import obstacle
from services import aws_mail_service
from services.mail_events import tags_of
from services.mail_templates import Mail, order_status
from utils import tracing
from workers.faults import is_outage, note_fault
from workers.mail_gate import Outcome
from workers.mail_hold import MailHold
from workers.retry import retry_seconds

log = structlog.get_logger(__name__)


class Sending(NamedTuple):
    """What the gate must know of one mail: what it came to, and SES' own words for what went wrong."""

    outcome: Outcome
    fault: str = ""


NOT_ASKED: Final = Sending(Outcome.NOT_ASKED)


class MailSender:
    """Sends mails, and keeps `hold` up to date: whether SES takes mails of this account."""

    def __init__(self, hold: MailHold, unknown_retry_seconds: float) -> None:
        """A mail of which nothing is known is sent again after so many seconds."""
        self._hold = hold
        self._unknown_retry_seconds = unknown_retry_seconds

    def send(self, order: Order) -> Sending:
        """Send the mail that an order owes, unless another worker was first or may have sent it.

        Raises what an outage of MongoDB raises, and nothing else: a fault of the order is written down.
        """
        current = order
        try:
            mail = self._mail_to_send(order)
            claimed = order_mail.claim_mail(order) if mail else None
            if not (mail and claimed):
                return NOT_ASKED
            current = claimed
            to = user.recipient_of(claimed["userId"])
            if to is None:
                order_mail.mail_refused(claimed, order_mail.NO_CUSTOMER)
                return NOT_ASKED
            if to.suppressed:
                order_mail.mail_refused(claimed, f"{order_mail.SUPPRESSED}: {to.suppressed}")
                return NOT_ASKED
            return self._send_claimed(claimed, mail, to.email)
        except Exception as error:
            if is_outage(error):
                raise
            note_fault(current, error)
            return NOT_ASKED

    def _mail_to_send(self, order: Order) -> Mail | None:
        """The mail, made before it is claimed: what is wrong with the order shows before anything is sent.

        None when none is to be sent now. Raises CannotWork, and whatever the templates raise.
        """
        if "putAside" in order:
            order_decisions.finish(order)
            return None
        if (reason := obstacle(order)) is not None:
            raise CannotWork(reason)
        if order["mail"]["state"] == "claimed":  # its worker died between the claim and the note
            order_mail.mail_unknown(order, self._unknown_retry_seconds)
            return None
        return order_status(order)

    def _send_claimed(self, order: Order, mail: Mail, address: str) -> Sending:
        """Call SES once, and write down what it came to."""
        try:
            with tracing.span("mail", order):
                message_id = aws_mail_service.send_mail(address, mail, _tags_of(order))
        except aws_mail_service.MailRefused as error:
            log.error("mail_refused", order_id=order["orderId"], reason=str(error))
            order_mail.mail_refused(order, str(error))
        except aws_mail_service.MailUnknown as error:
            log.warning("mail_unknown", order_id=order["orderId"], reason=str(error))
            order_mail.mail_unknown(order, self._unknown_retry_seconds)
            return Sending(Outcome.FAILED, str(error))
        except aws_mail_service.MailNotSent as error:  # no log line: the gate logs when it begins
            order_mail.mail_not_sent(order, retry_seconds(order["mail"]["attempts"]))
            return self._not_sent(error)
        else:
            log.info("mail_sent", order_id=order["orderId"], message_id=message_id)
            order_mail.mail_sent(order, message_id)
        self._hold.mail_taken()  # also after a refusal: SES is well, and said no to this mail alone
        return Sending(Outcome.TAKEN)

    def _not_sent(self, error: aws_mail_service.MailNotSent) -> Sending:
        if isinstance(error, aws_mail_service.MailHeld):
            self._hold.begin(error.reason, error.of_recipient)
            return Sending(Outcome.FAILED if error.of_recipient else Outcome.HELD, error.reason)
        throttled = isinstance(error, aws_mail_service.MailThrottled)
        return Sending(Outcome.THROTTLED if throttled else Outcome.FAILED, str(error))


def _tags_of(order: Order) -> dict[str, str]:
    """None for an order of another program whose `_id` is no ObjectId: SES takes few characters in tags."""
    own_id = order["_id"]
    return tags_of(str(own_id), order["mail"]["attempts"]) if isinstance(own_id, ObjectId) else {}
