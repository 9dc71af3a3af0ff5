"""`advance`, row by row of the protocol's table, and what repeating it does: nothing."""

from datetime import timedelta

import pytest

from models import order_decisions
from services import redis_service
from tests.support.invariants import check_at_rest
from tests.support.node_app import node_order
from tests.support.steered import Document, Steered


def events(order: Document) -> list[str]:
    return [entry["event"] for entry in order["history"]]


@pytest.fixture
def order(steered: Steered) -> Document:
    """An accepted order over 2 of 5 pieces."""
    return steered.read(steered.place(steered.user(), {steered.product(5): 2}))


def test_an_accepted_order_is_processed_booked_and_mailed(steered: Steered, order: Document) -> None:
    product_id = order["items"][0]["productId"]
    steered.deliver(order["orderId"])
    done = steered.read(order["_id"])
    assert done["status"] == "Processed"
    assert events(done) == ["received", "accepted", "processed", "settled", "mail_claimed", "mail_sent"]
    assert done["settled"] is True
    assert (done["mail"]["state"], done["mail"]["attempts"]) == ("sent", 1)
    assert done["mail"]["messageId"] == "message-1"
    assert "nextActionAt" not in done
    product = steered.inventory(product_id)
    assert (product["stock"], product["sold"], product["holds"]) == (3, 2, [])
    assert len(steered.ses.mails) == 1
    check_at_rest(steered.database)


def test_the_business_step_is_done_with_the_order_before_the_decision(
    steered: Steered, order: Document
) -> None:
    seen: list[Document] = []
    steered.fulfil = lambda document: seen.append(steered.read(document["_id"]))
    steered.deliver(order["orderId"])
    (claimed,) = seen
    assert {name: claimed[name] for name in ("status", "items")} == {
        "status": "Pending",
        "items": order["items"],
    }


def test_the_decision_comes_before_the_booking(steered: Steered, order: Document) -> None:
    """An order that is decided and no more is booked by whoever looks next; so are its reservations."""
    assert order_decisions.process(order)
    assert steered.holds(order["items"][0]["productId"])
    steered.deliver(order["orderId"])
    assert steered.inventory(order["items"][0]["productId"])["sold"] == 2


def test_a_settled_order_whose_mail_is_due_gets_its_mail_and_no_more(
    steered: Steered, order: Document
) -> None:
    steered.deliver(order["orderId"])
    again = {"$set": {"mail": {"state": "due", "attempts": 0}, "nextActionAt": steered.now}}
    steered.database["orders"].update_one({"_id": order["_id"]}, again)
    steered.deliver(order["orderId"])
    assert len(steered.ses.mails) == 2
    assert steered.inventory(order["items"][0]["productId"])["sold"] == 2


def test_an_order_with_nothing_left_to_do_is_not_looked_at_again(steered: Steered, order: Document) -> None:
    steered.deliver(order["orderId"])
    overdue = {"nextActionAt": steered.now}
    refused = {"accepted": False, "status": "Failed", "settled": True, **overdue}
    steered.database["orders"].update_one({"_id": order["_id"]}, {"$set": refused})
    assert steered.sweep() == 1
    assert "nextActionAt" not in steered.read(order["_id"])


def test_the_worker_replaces_what_the_cache_says(steered: Steered, order: Document) -> None:
    redis_service.put_order({**order, "userId": "x"})
    steered.deliver(order["orderId"])
    cached = redis_service.get_order(order["orderId"])
    assert cached is not None
    assert (cached["status"], cached["userId"]) == ("Processed", str(order["userId"]))


def test_updated_at_tells_of_decisions_and_not_of_booking_or_mail(steered: Steered, order: Document) -> None:
    steered.wait(1)
    processed = order_decisions.process(order)
    assert processed is not None
    steered.wait(1)
    steered.deliver(order["orderId"])
    done = steered.read(order["_id"])
    assert "nextActionAt" not in done
    assert done["updatedAt"] == processed["updatedAt"] == steered.now - timedelta(seconds=1)


def test_a_second_delivery_changes_nothing(steered: Steered, order: Document) -> None:
    steered.deliver(order["orderId"])
    done, stock = steered.read(order["_id"]), steered.inventory(order["items"][0]["productId"])
    for _ in range(3):
        steered.deliver(order["orderId"])
    assert steered.read(order["_id"]) == done
    assert steered.inventory(order["items"][0]["productId"]) == stock
    assert steered.ses.requests == 1


@pytest.mark.parametrize("step", [True, False], ids=["with a step", "without"])
def test_deliveries_on_eight_threads_sell_once_and_mail_once(
    steered: Steered, order: Document, step: bool
) -> None:
    begun: list[Document] = []
    if step:
        steered.fulfil = begun.append
    steered.each(8, lambda _: steered.deliver(order["orderId"]))
    done = steered.read(order["_id"])
    attempts = ["attempt_begun"] * step
    assert events(done) == [
        "received",
        "accepted",
        *attempts,
        "processed",
        "settled",
        "mail_claimed",
        "mail_sent",
    ]
    assert len(begun) == step
    assert steered.inventory(order["items"][0]["productId"])["sold"] == 2
    assert len(steered.ses.mails) == 1
    check_at_rest(steered.database)


def test_a_pending_order_of_the_node_app_is_processed_and_mailed(steered: Steered) -> None:
    product_id = steered.product(5)
    written = node_order(steered.user(), product_id)
    steered.database["orders"].insert_one(written)
    steered.deliver(written["orderId"])
    done = steered.read(written["_id"])
    assert (done["status"], done["settled"], done["mail"]["state"]) == ("Processed", True, "sent")
    assert "nextActionAt" not in done
    assert steered.inventory(product_id)["stock"] == 5  # the Node app reserved nothing
    (mail,) = steered.ses.mails
    assert written["orderId"] in mail.subject


@pytest.mark.parametrize("status", ["Processed", "Failed"])
def test_an_ended_order_of_the_node_app_is_left_alone(steered: Steered, status: str) -> None:
    written = node_order(steered.user(), status=status)
    steered.database["orders"].insert_one(written)
    before = steered.read(written["_id"])
    steered.deliver(written["orderId"])
    assert steered.read(written["_id"]) == before
    assert steered.ses.requests == 0
