"""What sending a mail came to, and what is done then. Never two requests on the wire for one attempt."""

from datetime import timedelta
from typing import Any

import pytest

from config.resources import resources
from local_stack.probes import free_port
from models import order_mail
from models.order_mail import CLAIM_SECONDS
from tests.support.crashes import Crash, Stop
from tests.support.fake_ses import FakeSes, ses_client
from tests.support.replaced import replace_for_test
from tests.support.steered import Document, Steered

MAIL_RETRY = timedelta(minutes=10)


@pytest.fixture
def order(steered: Steered) -> Document:
    """An order that only its mail is left of."""
    order_id = steered.place(steered.user(), {steered.product(5): 2})
    with steered.interrupted(Stop("after", 3)), pytest.raises(Crash):
        steered.deliver(order_id)
    return steered.read(order_id)


def mail_of(steered: Steered, order: Document) -> Document:
    mail: Document = steered.read(order["_id"])["mail"]
    return mail


def test_an_accepted_mail_is_sent_and_done(steered: Steered, order: Document) -> None:
    steered.deliver(order["orderId"])
    assert mail_of(steered, order) == {"state": "sent", "attempts": 1, "messageId": "message-1"}
    assert "nextActionAt" not in steered.read(order["_id"])
    assert steered.ses.requests == len(steered.ses.mails) == 1


@pytest.mark.parametrize("fault", ["throttled", "too many requests"])
def test_a_mail_that_was_surely_not_sent_is_due_again_after_a_back_off(
    steered: Steered, order: Document, fault: str
) -> None:
    steered.ses.plan(fault, fault)
    steered.deliver(order["orderId"])
    for attempt in (1, 2):
        assert mail_of(steered, order) == {"state": "due", "attempts": attempt}
        assert steered.ses.requests == attempt
        due = steered.read(order["_id"])["nextActionAt"]
        assert timedelta(0) < due - steered.now <= timedelta(seconds=2**attempt)
        steered.deliver(order["orderId"])  # a duplicate is no reason to be early
        assert steered.ses.requests == attempt
        steered.now = due
        steered.sweep()
    assert mail_of(steered, order)["state"] == "sent"
    assert steered.ses.requests == 3


def test_a_refused_mail_is_never_sent_again_and_the_order_stays_as_it_is(
    steered: Steered, order: Document
) -> None:
    steered.ses.plan("refused")
    steered.deliver(order["orderId"])
    after = steered.read(order["_id"])
    assert after["mail"] == {"state": "refused", "attempts": 1, "reason": "MessageRejected"}
    assert (after["status"], "nextActionAt" in after) == ("Processed", False)
    steered.wait(24 * 3600)
    steered.sweep()
    steered.deliver(order["orderId"])
    assert steered.ses.requests == 1


def test_a_mail_to_a_user_who_is_gone_is_refused(steered: Steered, order: Document) -> None:
    steered.database["users"].delete_many({})
    steered.deliver(order["orderId"])
    assert mail_of(steered, order)["state"] == "refused"
    assert steered.ses.requests == 0


def test_a_refused_connection_means_not_sent(
    steered: Steered, order: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = ses_client(resources().ses, f"http://127.0.0.1:{free_port()}")
    with monkeypatch.context() as patch:
        replace_for_test(patch, steered.app, ses=nobody)
        steered.deliver(order["orderId"])
    assert mail_of(steered, order) == {"state": "due", "attempts": 1}
    steered.finish()
    assert mail_of(steered, order)["state"] == "sent"
    assert len(steered.ses.mails) == 1


@pytest.mark.parametrize("fault", ["hang", "reset", "lost", "500", "503"])
@pytest.mark.parametrize("who", ["delivery", "sweeper"])
def test_where_nobody_can_know_the_mail_is_sent_again_after_ten_minutes_and_not_before(
    steered: Steered, order: Document, monkeypatch: pytest.MonkeyPatch, fault: str, who: str
) -> None:
    impatient = ses_client(resources().ses, steered.ses.url, read_timeout=0.5)
    replace_for_test(monkeypatch, steered.app, ses=impatient)
    steered.ses.plan(fault)
    if who == "sweeper":
        steered.now = order["nextActionAt"]
        steered.sweep()
    else:
        steered.deliver(order["orderId"])
    assert steered.ses.requests == 1
    assert mail_of(steered, order) == {"state": "unknown", "attempts": 1}
    assert steered.read(order["_id"])["nextActionAt"] == steered.now + MAIL_RETRY
    steered.wait(599.9)
    assert steered.sweep() == 0
    steered.deliver(order["orderId"])
    assert steered.ses.requests == 1
    steered.wait(0.1)
    assert steered.sweep() == 1
    assert (mail_of(steered, order)["state"], steered.ses.requests) == ("sent", 2)
    assert len(steered.ses.mails) == (2 if fault == "lost" else 1)


def test_a_claim_that_ran_out_is_an_unknown_outcome(steered: Steered, order: Document) -> None:
    """Its worker died between the claim and the note: perhaps after the mail was sent."""
    claimed = order_mail.claim_mail(order)
    assert claimed is not None
    steered.wait(CLAIM_SECONDS - 0.1)
    steered.deliver(order["orderId"])
    assert steered.sweep() == 0
    assert mail_of(steered, order)["state"] == "claimed"
    steered.wait(0.1)
    assert steered.sweep() == 1
    assert mail_of(steered, order) == {"state": "unknown", "attempts": 1}
    assert steered.read(order["_id"])["nextActionAt"] == steered.now + MAIL_RETRY
    assert steered.ses.requests == 0
    assert order_mail.mail_sent(claimed, "too late") is None  # the slow worker's note does not count
    steered.finish()
    assert len(steered.ses.mails) == 1


def test_the_note_of_a_claim_that_ran_out_does_not_end_the_next_one(
    steered: Steered, order: Document
) -> None:
    """A worker stood still for eleven minutes in the middle of its send; another is at it by now."""
    slow = order_mail.claim_mail(order)
    assert slow is not None
    steered.wait(CLAIM_SECONDS)
    steered.sweep()
    steered.wait(MAIL_RETRY.total_seconds())
    second = order_mail.claim_mail(steered.read(order["_id"]))
    assert second is not None
    assert order_mail.mail_sent(slow, "late") is None
    assert order_mail.mail_refused(slow, "late") is None
    assert order_mail.mail_not_sent(slow, 1) is None
    assert mail_of(steered, order) == second["mail"]
    assert order_mail.mail_sent(second, "in time") is not None


def test_a_mail_is_claimed_by_one_worker_only(steered: Steered, order: Document) -> None:
    claims = steered.each(8, lambda _: order_mail.claim_mail(order))
    assert sum(claim is not None for claim in claims) == 1


def test_a_mail_above_the_accounts_sending_rate_is_left_to_the_sweep(
    steered: Steered, order: Document
) -> None:
    steered.restart_mails(per_second=0.01)
    other = steered.place(order["userId"], {steered.product(5): 1})
    for order_id in (order["orderId"], other):
        steered.deliver(order_id)
    assert steered.ses.requests == 1
    waiting = steered.read(other)
    assert (waiting["mail"], waiting["nextActionAt"]) == ({"state": "due", "attempts": 0}, steered.now)
    assert [entry["event"] for entry in waiting["history"]][-1] == "settled"
    steered.restart_mails()
    assert steered.sweep() == 1
    assert mail_of(steered, waiting)["state"] == "sent"


def test_the_apps_client_makes_one_attempt(steered: Steered, fake_ses: FakeSes) -> None:
    """All the above holds for the app's own client, of which the tests changed the address alone."""
    config: Any = resources().ses.meta.config
    assert config.retries["total_max_attempts"] == 1
