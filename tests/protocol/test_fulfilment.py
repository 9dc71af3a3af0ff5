"""The business step fails: tried again after a back-off, five times in all; then the order fails."""

import threading
from collections import Counter

import pytest

from tests.support.invariants import check_at_rest
from tests.support.steered import Document, Steered


def events(order: Document) -> list[str]:
    return [entry["event"] for entry in order["history"]]


def always_fail(_: Document) -> None:
    raise RuntimeError("no luck")


@pytest.fixture
def order(steered: Steered) -> Document:
    """An accepted order over 2 of 5 pieces."""
    return steered.read(steered.place(steered.user(), {steered.product(5): 2}))


def test_five_failed_attempts_end_in_failed_with_a_mail(steered: Steered, order: Document) -> None:
    steered.fulfil = always_fail
    steered.deliver(order["orderId"])
    for attempt in range(1, 5):
        waiting = steered.read(order["_id"])
        assert (waiting["status"], waiting["attempts"]) == ("Pending", attempt)
        pause = (waiting["nextActionAt"] - steered.now).total_seconds()
        assert 2**attempt / 2 <= pause <= 2**attempt
        assert steered.sweep() == 0
        steered.now = waiting["nextActionAt"]
        assert steered.sweep() == 1
    failed = steered.read(order["_id"])
    assert (failed["status"], failed["failureReason"]) == ("Failed", "processing_error")
    assert Counter(events(failed))["attempt_failed"] == 4
    assert steered.stock(order["items"][0]["productId"]) == 5
    (mail,) = steered.ses.mails
    assert "could not be completed" in mail.text
    check_at_rest(steered.database)


def test_a_step_that_recovers_ends_in_processed(steered: Steered, order: Document) -> None:
    steered.fulfil = always_fail
    steered.deliver(order["orderId"])
    steered.fulfil = lambda _: None
    steered.finish()
    assert steered.read(order["_id"])["status"] == "Processed"
    check_at_rest(steered.database)


def test_a_delivery_during_the_back_off_spends_no_attempt(steered: Steered, order: Document) -> None:
    steered.fulfil = always_fail
    for _ in range(6):
        steered.deliver(order["orderId"])
    waiting = steered.read(order["_id"])
    assert (waiting["status"], waiting["attempts"]) == ("Pending", 1)


def test_attempts_that_fail_at_the_same_moment_are_not_lost(steered: Steered, order: Document) -> None:
    """Eight deliveries at once, each in the middle of the step when the others begin theirs."""
    everybody = threading.Barrier(8)

    def fail_together(_: Document) -> None:
        everybody.wait()
        raise RuntimeError

    steered.fulfil = fail_together
    steered.each(8, lambda _: steered.deliver(order["orderId"]))
    after = steered.read(order["_id"])
    assert after["status"] == "Pending"
    assert after["attempts"] == events(after).count("attempt_failed") == 1
    steered.fulfil = lambda _: None
    steered.finish()
    check_at_rest(steered.database)
