"""The business step fails: tried again after a back-off, five times in all; then the order fails."""

import sys
from collections import Counter

import pytest

from services.fulfilment import do_nothing
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


def test_a_step_that_asks_the_process_to_end_has_failed(steered: Steered, order: Document) -> None:
    """As command line code does, called from a step."""

    def leave(_: Document) -> None:
        sys.exit(1)

    steered.fulfil = leave
    steered.deliver(order["orderId"])
    waiting = steered.read(order["_id"])
    assert (waiting["attempts"], events(waiting)[-1]) == (1, "attempt_failed")
    assert "step" not in waiting


def test_whatever_the_step_does_to_the_document_stays_with_it(steered: Steered, order: Document) -> None:
    def spoil(document: Document) -> None:
        document["items"].clear()
        document.clear()

    steered.fulfil = spoil
    steered.deliver(order["orderId"])
    assert steered.inventory(order["items"][0]["productId"])["sold"] == 2
    check_at_rest(steered.database)


def test_a_worker_without_a_step_finishes_what_one_with_a_step_left(
    steered: Steered, order: Document
) -> None:
    steered.fulfil = always_fail
    steered.deliver(order["orderId"])
    steered.fulfil = do_nothing
    steered.finish()
    done = steered.read(order["_id"])
    assert (done["status"], "step" in done) == ("Processed", False)
    check_at_rest(steered.database)
