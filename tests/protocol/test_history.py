"""The history of an order is bounded, and what code reads of it is never lost."""

import bson

from controllers.order_placement import place_order
from models.order_history import KEPT_FIRST, KEPT_LATEST, is_full
from models.order_mail import request_mail
from models.order_shape import contradiction, request_id_of
from tests.support.steered import Document, Steered

MOST = KEPT_FIRST + KEPT_LATEST


def events(order: Document) -> list[str]:
    return [entry["event"] for entry in order["history"]]


def sweep_when_due(steered: Steered, order: Document, tries: int) -> Document:
    """Let so many mails fail, each as soon as it is due."""
    steered.ses.plan(*["throttled"] * tries)
    for _ in range(tries):
        steered.restart_mails()  # whose gate does not know yet that SES takes none
        steered.now = steered.read(order["orderId"])["nextActionAt"]
        steered.sweep()
    return steered.read(order["orderId"])


def test_weeks_without_ses_do_not_grow_a_document(steered: Steered) -> None:
    """A week is 2,000 tries. What was tried between the first few and the last few is left out."""
    request = steered.request(steered.user(), {steered.product(5): 2}, "a key")
    order = steered.read(place_order(request).order["orderId"])
    before = sweep_when_due(steered, order, 40)
    assert len(before["history"]) == MOST

    after = sweep_when_due(steered, order, 60)

    assert abs(len(bson.encode(after)) - len(bson.encode(before))) < 10
    assert len(after["history"]) == MOST
    assert (after["mail"]["attempts"], steered.ses.requests) == (100, 100)
    assert events(after)[:4] == ["received", "accepted", "processed", "settled"]
    assert events(after)[-2:] == ["mail_claimed", "mail_not_sent"]
    assert after["history"][-1]["at"] == steered.now
    times = [entry["at"] for entry in after["history"]]
    assert times == sorted(times)

    assert request_id_of(after) == request.request_id
    assert contradiction({**after, "status": "Failed"}), "the decision is still known"
    again = place_order(request)
    assert (again.replayed, again.order["updatedAt"]) == (True, order["history"][1]["at"])

    steered.restart_mails()
    steered.finish()
    after = steered.read(order["orderId"])
    assert (after["mail"]["state"], events(after)[-1], len(after["history"])) == ("sent", "mail_sent", MOST)
    assert len(steered.ses.mails) == 1


def test_nor_do_mails_that_are_asked_for_again_and_again(steered: Steered) -> None:
    order_id = steered.place(steered.user(), {steered.product(5): 2})
    steered.deliver(order_id)
    for _ in range(20):
        assert request_mail(steered.read(order_id))
        steered.deliver(order_id)

    after = steered.read(order_id)

    assert len(steered.ses.mails) == 21
    assert len(after["history"]) == MOST
    assert events(after)[1:3] == ["accepted", "processed"]
    assert events(after)[-3:] == ["mail_requested", "mail_claimed", "mail_sent"]


def test_the_attempts_of_the_business_step_and_the_mail_fit_into_what_is_always_kept(
    steered: Steered,
) -> None:
    def fail(_: Document) -> None:
        raise ZeroDivisionError

    steered.fulfil = fail
    order_id = steered.place(steered.user(), {steered.product(5): 2})

    steered.finish()

    order = steered.read(order_id)
    assert order["failureReason"] == "processing_error"
    assert events(order)[-1] == "mail_sent"
    assert len(events(order)) <= KEPT_FIRST


def test_what_is_no_history_is_left_as_it_is() -> None:
    """Whoever wrote a long text there has lost no letter of it."""
    assert is_full({"history": [{}] * MOST})
    assert not is_full({"history": [{}] * (MOST - 1)})
    assert not is_full({"history": "x" * MOST})
    assert not is_full({})
