"""The mail about an ended order: claim, send once, write down what it came to.

due -> claimed -> sent
               -> due again        it surely was not sent
               -> refused          it never will be
               -> unknown          perhaps it was: sent again after 10 min, since a lost mail is worse

Mails have threads of their own and never hold an order up: the worker that ends an order hands its mail over
if it may go now, and else leaves it to the sweep, which sends what is due as fast as the gate lets it.
"""

import random
import threading
from collections.abc import Callable

import structlog

from models import order_decisions, order_mail, user
from models.documents import Order
from models.order import find_due_mails
from models.order_faults import CannotWork
from models.order_shape import obstacle
from services import aws_mail_service
from services.mail_templates import Mail, order_status
from utils import clock
from workers.fairness import fairly
from workers.faults import is_outage, note_fault
from workers.mail_gate import MailGate, Outcome
from workers.mail_hold import MailHold
from workers.retry import retry_seconds
from workers.sweeper import bind_request_id

log = structlog.get_logger(__name__)

_WINDOW = 500  # due mails that one look finds
_OF_ONE_USER = 10  # in a round
_LOOK_UP_SECONDS = 0.5  # how often a sweep that waits at the gate looks whether it should stop

Submit = Callable[[Callable[[Order], None], Order], object]


class MailStep:
    """Sends mails as its gate allows, on the threads that `submit` hands them to."""

    def __init__(self, gate: MailGate, unknown_retry_seconds: float, submit: Submit) -> None:
        self._gate = gate
        self._unknown_retry_seconds = unknown_retry_seconds
        self._submit = submit
        self._hold = MailHold()
        self._left = threading.Event()

    def run(self, order: Order, due: bool) -> None:
        """Do what the mail that an order owes asks for now. `due` says that its time has come."""
        mail = order["mail"]
        first_try = mail["state"] == "due" and mail["attempts"] == 0
        if not (due or first_try):
            return
        if self._gate.try_enter():
            self._hand_on(order)
        else:
            order_mail.mail_postponed(order)
            self.wake()

    def wait(self, seconds: float) -> None:
        """Wait that long, or until something is left to the sweep."""
        self._left.wait(seconds)
        self._left.clear()

    def wake(self) -> None:
        """Let the sweep come round."""
        self._left.set()

    def sweep(self, stopping: Callable[[], bool]) -> int:
        """Send every mail that is due, fairly among users. Returns how many there were.

        None is handed on twice unless a worker has moved it: what makes no progress waits for the next sweep.
        """
        self._hold.expire()
        seen = set[str]()
        while not stopping():
            found = find_due_mails(clock.now(), _WINDOW)
            due = [order for order in found if _key(order) not in seen]
            random.shuffle(due)  # workers that sweep at once begin at different ends
            orders = fairly(due, _OF_ONE_USER)
            for order in orders:
                bind_request_id(order)
                if not self._wait_at_gate(stopping):
                    return len(seen)
                self._hand_on(order)
                seen.add(_key(order))
            if not orders or (len(orders) == len(due) and len(found) < _WINDOW):
                break
        return len(seen)

    def _wait_at_gate(self, stopping: Callable[[], bool]) -> bool:
        while not stopping():
            if self._gate.enter(_LOOK_UP_SECONDS):
                return True
        return False

    def _hand_on(self, order: Order) -> None:
        """Have a mail that has a place at the gate sent: `_send` gives the place back."""
        try:
            self._submit(self._send, order)
        except BaseException:  # no thread takes it any more
            self._gate.leave(Outcome.NOT_ASKED)
            raise

    def _send(self, order: Order) -> None:
        """Send a mail that has a place at the gate, unless another worker was first or may have sent it."""
        outcome, fault, current = Outcome.NOT_ASKED, "", order
        try:
            mail = self._mail_to_send(order)
            claimed = order_mail.claim_mail(order) if mail else None
            if mail and claimed:
                current = claimed
                outcome = self._send_claimed(claimed, mail)
        except aws_mail_service.MailHeld as error:
            outcome, fault = Outcome.FAILED if error.of_recipient else Outcome.HELD, error.reason
            self._hold.begin(error.reason, error.of_recipient)
        except aws_mail_service.MailThrottled as error:
            outcome, fault = Outcome.THROTTLED, str(error)
        except (aws_mail_service.MailUnknown, aws_mail_service.MailNotSent) as error:
            outcome, fault = Outcome.FAILED, str(error)
        except Exception as error:
            if is_outage(error):
                raise
            note_fault(current, error)
        finally:
            self._gate.leave(outcome, fault)
        if outcome is Outcome.TAKEN:
            self._hold.mail_taken()

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

    def _send_claimed(self, order: Order, mail: Mail) -> Outcome:
        """Send a mail, once, and write down what it came to.

        Raises MailUnknown or MailNotSent, of which there are kinds, after they are written down.
        """
        address = user.email_of(order["userId"])
        if address is None:
            order_mail.mail_refused(order, order_mail.NO_CUSTOMER)
            return Outcome.NOT_ASKED
        try:
            message_id = aws_mail_service.send_mail(address, mail)
        except aws_mail_service.MailRefused as error:
            log.error("mail_refused", order_id=order["orderId"], reason=str(error))
            order_mail.mail_refused(order, str(error))
        except aws_mail_service.MailUnknown as error:
            log.warning("mail_unknown", order_id=order["orderId"], reason=str(error))
            order_mail.mail_unknown(order, self._unknown_retry_seconds)
            raise
        except aws_mail_service.MailNotSent:  # no log line: the gate tells when it begins
            order_mail.mail_not_sent(order, retry_seconds(order["mail"]["attempts"]))
            raise
        else:
            log.info("mail_sent", order_id=order["orderId"], message_id=message_id)
            order_mail.mail_sent(order, message_id)
        return Outcome.TAKEN


def _key(order: Order) -> str:
    """Which mail, at which of its times: as text, as another program's `_id` may be anything."""
    return f"{order['_id']!r} {order['nextActionAt']}"
