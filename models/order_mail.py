"""The writes of the mail step. Each is a compare-and-set, as in models/order_decisions.py.

A mail is claimed before it is sent, and only by one worker. SES has no idempotency token, so what a send
came to is written down: sent, due again, refused, or unknown (services/aws_mail_service.py tells them apart).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from pymongo import DESCENDING

from models.documents import Delivery, Event, Mail, MailState, Order, Query
from models.order import orders
from models.order_decisions import transition
from utils import clock, metrics
from utils.crash_points import crash_point
from utils.object_ids import first_id_at

CLAIM_SECONDS = 120
# Why a mail is refused that has no customer any more.
NO_CUSTOMER = "the user does not exist any more"
# How the reason begins when mails to an address bounce, or its owner complained.
SUPPRESSED = "mails to the address are suppressed"
# States in which SES may have taken the mail, and this is not written down.
OUTCOME_OPEN: Final[tuple[MailState, ...]] = ("claimed", "unknown")
# Of two deliveries the later in this list stands, in whichever order SES tells of them.
RANKS: Final[tuple[Delivery | None, ...]] = (None, "delivered", "bounced", "rejected", "complained")

_EVENTS: Final[dict[Delivery, Event]] = {
    "delivered": "mail_delivered",
    "bounced": "mail_bounced",
    "rejected": "mail_rejected",
    "complained": "mail_complained",
}


@crash_point
def claim_mail(order: Order) -> Order | None:
    """Take the mail for 120 s: longer than a send can take, so a claim that ran out is a death.

    Its text was made of the decision that was read, so that must be the one that stands.
    """
    mail, until = order["mail"], clock.after(CLAIM_SECONDS)
    claimed: Mail = {
        "state": "claimed",
        "token": uuid4().hex,
        "until": until,
        "attempts": mail["attempts"] + 1,
    }
    changes = {"mail": claimed, "nextActionAt": until}
    decision = {"status": order["status"], "failureReason": order.get("failureReason")}
    return transition(order, {**_same_mail(mail), **decision}, "mail_claimed", changes)


@crash_point
def mail_sent(order: Order, message_id: str) -> Order | None:
    """SES took it, by its answer or by an event while the outcome was open. Nothing is left to do."""
    return _finish(order, "sent", "mail_sent", messageId=message_id)


@crash_point
def mail_refused(order: Order, reason: str) -> Order | None:
    """SES will never take it. Nothing is left to do."""
    return _finish(order, "refused", "mail_refused", reason=reason)


@crash_point
def mail_not_sent(order: Order, retry_seconds: float) -> Order | None:
    """It surely was not sent: due again, later."""
    return _again(order, "due", "mail_not_sent", retry_seconds)


@crash_point
def mail_unknown(order: Order, retry_seconds: float) -> Order | None:
    """Perhaps it was sent. A lost mail is worse than a second one: sent again, but much later."""
    return _again(order, "unknown", "mail_unknown", retry_seconds)


@crash_point
def mail_postponed(order: Order) -> Order | None:
    """It cannot go at this moment: due for the next sweep. No claim, no attempt, no event."""
    changes = {"nextActionAt": clock.now()}
    return transition(order, _same_mail(order["mail"]), None, changes)


@crash_point
def record_delivery(order: Order, delivery: Delivery) -> Order | None:
    """Note what became of a mail that was sent."""
    mail = order["mail"]
    known = (
        {"mail.delivery": mail["delivery"]} if "delivery" in mail else {"mail.delivery": {"$exists": False}}
    )
    event: Event = _EVENTS[delivery]
    return transition(order, {**_same_mail(mail), **known}, event, {"mail": {**mail, "delivery": delivery}})


@crash_point
def request_mail(order: Order) -> Order | None:
    """Send the mail of a finished order once more, as an operator asked."""
    mail = {"state": "due", "attempts": order.get("mail", {}).get("attempts", 0)}
    at_rest = {"nextActionAt": {"$exists": False}, "putAside": {"$exists": False}}
    same = _same_mail(order["mail"]) if "mail" in order else {"mail": {"$exists": False}}
    changes = {"settled": True, "mail": mail, "nextActionAt": clock.now()}
    seen = {"status": order["status"], **at_rest, **same}
    return transition(order, seen, "mail_requested", changes, ("faults",))


def find_mails(
    state: MailState | None = None, since: datetime | None = None, limit: int = 0
) -> Iterator[Order]:
    """Orders that have a mail, in this state if one is named, newest first; 0 is no limit.

    `since` bounds `_id`, which has an index and holds the second of the order's making.
    """
    wanted: Query = {"mail.state": state if state else {"$exists": True}}
    if since:
        wanted["_id"] = {"$gte": first_id_at(since)}
    yield from orders().find(wanted).sort("_id", DESCENDING).limit(limit)


def _finish(order: Order, state: MailState, event: Event, **details: Any) -> Order | None:
    mail = {"state": state, "attempts": order["mail"]["attempts"], **details}
    same = _same_mail(order["mail"])
    return _count(event, transition(order, same, event, {"mail": mail}, ("nextActionAt",), **details))


def _again(order: Order, state: MailState, event: Event, retry_seconds: float) -> Order | None:
    mail = {"state": state, "attempts": order["mail"]["attempts"]}
    changes = {"mail": mail, "nextActionAt": clock.after(retry_seconds)}
    return _count(event, transition(order, _same_mail(order["mail"]), event, changes))


def _count(event: str, order: Order | None) -> Order | None:
    if order is not None:
        metrics.mails.labels(event).inc()
    return order


def _same_mail(mail: Mail) -> Query:
    """Matches while the mail is where it was seen: a claim by its token, any other state by its attempts."""
    if mail["state"] == "claimed":
        return {"mail.state": "claimed", "mail.token": mail["token"]}
    return {"mail.state": mail["state"], "mail.attempts": mail["attempts"]}
