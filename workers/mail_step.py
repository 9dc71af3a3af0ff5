"""Decides when a mail goes to SES: at once where the gate lets it, else from the sweep, fairly among users.

An order, or the sweep -> the gate (how many at once, how fast) -> a thread of the mails' own -> MailSender.
So a mail never holds an order up.
"""

import threading
from collections.abc import Callable
from functools import partial

from models import order_mail
from models.documents import Order
from models.order import find_due_mails
from workers.fairness import fairly
from workers.mail_gate import MailGate
from workers.mail_sender import NOT_ASKED, Sending
from workers.sweeper import due_orders

_WINDOW = 500  # due mails that one look finds
_OF_ONE_USER = 10  # in a round
_LOOK_UP_SECONDS = 0.5  # how often a sweep that waits at the gate looks whether it should stop

Submit = Callable[[Callable[[Order], None], Order], object]


class MailStep:
    """Hands mails to `send`, as the gate allows, on the threads that `submit` runs functions on."""

    def __init__(self, gate: MailGate, send: Callable[[Order], Sending], submit: Submit) -> None:
        self._gate = gate
        self._send = send
        self._submit = submit
        self._left = threading.Event()

    def run(self, order: Order, due: bool) -> None:
        """Do what the mail that an order owes asks for now. `due` says that its time has come."""
        mail = order["mail"]
        first_try = mail["state"] == "due" and mail["attempts"] == 0
        if not (due or first_try):
            return
        if self._gate.try_enter():
            self._hand_over(order)
        else:
            order_mail.mail_postponed(order)
            self.wake()

    def wait(self, seconds: float) -> None:
        """Wait that long, or until a mail is left to the sweep."""
        self._left.wait(seconds)
        self._left.clear()

    def wake(self) -> None:
        """End the wait of the sweep."""
        self._left.set()

    def sweep(self, stopping: Callable[[], bool]) -> int:
        """Hand over every mail that is due. Returns how many there were."""
        handed_over = 0
        for order in due_orders(find_due_mails, stopping, _WINDOW, partial(fairly, of_one_user=_OF_ONE_USER)):
            if not self._wait_at_gate(stopping):
                break
            self._hand_over(order)
            handed_over += 1
        return handed_over

    def _wait_at_gate(self, stopping: Callable[[], bool]) -> bool:
        while not stopping():
            if self._gate.enter(_LOOK_UP_SECONDS):
                return True
        return False

    def _hand_over(self, order: Order) -> None:
        """Have a mail sent that has a place at the gate."""
        try:
            self._submit(self._send_and_leave, order)
        except BaseException:  # the threads have ended
            self._gate.leave(*NOT_ASKED)
            raise

    def _send_and_leave(self, order: Order) -> None:
        """The place is given back whatever happens."""
        sending = NOT_ASKED
        try:
            sending = self._send(order)
        finally:
            self._gate.leave(*sending)
