"""All atomic writes of the protocol, by the names that they have in the code.

Who writes, and what comes next, is in api.py and worker.py; the same write may also arrive late, when its
sender has long died.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Literal

from models.documents import Event

from . import decisions, mail, step, stock
from .state import State

Write = Callable[..., State | None]

# The functions of models/order_decisions.py, order_step.py and order_mail.py, and the event that each writes
# into the order's history.
EVENTS: dict[ModuleType, dict[str, Event | Literal[""]]] = {
    decisions: {
        "insert_intent": "received",
        "accept": "accepted",
        "reject": "rejected",
        "expire": "expired",
        "process": "processed",
        "fail": "failed",
        "cancel": "cancelled",
        "mark_settled": "settled",
        "claim": "",
    },
    step: {
        "claim_step": "attempt_begun",
        "renew_step": "",
        "record_attempt": "attempt_failed",
        "claim_undo": "",
        "undo_done": "undone",
        "undo_failed": "",
    },
    mail: {
        "claim_mail": "mail_claimed",
        "mail_sent": "mail_sent",
        "mail_refused": "mail_refused",
        "mail_not_sent": "mail_not_sent",
        "mail_unknown": "mail_unknown",
        "request_mail": "mail_requested",
    },
    # Of models/reservations.py.
    stock: dict.fromkeys(("reserve", "settle_sold", "settle_returned", "free_hold"), ""),
}
SOUND: dict[str, Write] = {name: getattr(module, name) for module in EVENTS for name in EVENTS[module]}
