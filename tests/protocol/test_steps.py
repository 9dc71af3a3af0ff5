"""From the intent to the decision: every step, and what becomes of an order that stops between two."""

from datetime import timedelta

import pytest
from pymongo.errors import AutoReconnect

from controllers.order_placement import place_order
from models import order_decisions
from tests.support.crashes import Crash, Stop, lose_connection
from tests.support.steered import Document, Steered
from utils import errors

INTENT, HOLD, DECISION = 1, 2, 3  # the writes of a request, in this order


def stopped_after(steered: Steered, write: int, stock: int = 5) -> tuple[Document, str]:
    """An order over 2 pieces under the key `k`, whose request died after that write; and its product."""
    user_id, product_id = steered.user(), steered.product(stock)
    with steered.interrupted(Stop("after", write)), pytest.raises(Crash):
        steered.place(user_id, {product_id: 2}, "k")
    return steered.only_order(), product_id


def again(steered: Steered, order: Document, product_id: str, quantity: int = 2) -> str:
    """The same request once more. Returns its orderId."""
    return steered.place(order["userId"], {product_id: quantity}, "k")


def test_the_intent_is_written_before_anything_is_reserved(steered: Steered) -> None:
    order, product_id = stopped_after(steered, INTENT)
    assert order["status"] == "Pending"
    assert order["accepted"] is False
    assert order["nextActionAt"] == steered.now + timedelta(seconds=60)
    assert [entry["event"] for entry in order["history"]] == ["received"]
    assert steered.stock(product_id) == 5


@pytest.mark.parametrize("write", [INTENT, HOLD])
def test_an_intent_that_nobody_decides_expires_and_its_key_is_free_again(
    steered: Steered, write: int
) -> None:
    order, product_id = stopped_after(steered, write)
    steered.wait(60)
    assert steered.sweep() == 1
    expired = steered.read(order["_id"])
    assert (expired["status"], expired["failureReason"]) == ("Failed", "expired")
    assert expired["accepted"] is False
    assert expired["settled"] is True
    assert expired.keys().isdisjoint({"idempotency", "nextActionAt", "mail"})
    assert steered.stock(product_id) == 5
    assert steered.holds(product_id) == []
    assert again(steered, order, product_id) != order["orderId"]


def test_before_its_time_neither_the_sweeper_nor_a_delivery_touches_an_intent(steered: Steered) -> None:
    order, product_id = stopped_after(steered, HOLD)
    steered.wait(59.9)
    assert steered.sweep() == 0
    steered.deliver(order["orderId"])
    assert steered.read(order["_id"]) == order
    with pytest.raises(errors.RequestInProgress) as refused:
        again(steered, order, product_id)
    assert refused.value.headers == {"Retry-After": "1"}


def test_a_delivery_expires_an_intent_that_is_due(steered: Steered) -> None:
    order, _ = stopped_after(steered, INTENT)
    steered.wait(60)
    steered.deliver(order["orderId"])
    assert steered.read(order["_id"])["failureReason"] == "expired"


@pytest.mark.parametrize("write", [INTENT, HOLD])
def test_a_retry_takes_an_undecided_order_over_once_it_is_due(steered: Steered, write: int) -> None:
    order, product_id = stopped_after(steered, write)
    steered.wait(60)
    assert again(steered, order, product_id) == order["orderId"]
    taken = steered.read(order["_id"])
    assert taken["accepted"] is True
    (hold,) = steered.holds(product_id)
    assert (hold["orderId"], hold["quantity"]) == (order["orderId"], 2)
    assert taken["items"][0]["holdId"] == hold["holdId"]
    assert steered.stock(product_id) == 3


def test_an_own_hold_is_adopted_with_the_hold_id_it_has(steered: Steered) -> None:
    order, product_id = stopped_after(steered, HOLD)
    (before,) = steered.holds(product_id)
    steered.wait(60)
    again(steered, order, product_id)
    assert steered.holds(product_id) == [before]
    assert steered.read(order["_id"])["items"][0]["holdId"] == before["holdId"]


def test_half_a_hold_is_completed_by_the_retry(steered: Steered) -> None:
    user_id = steered.user()
    items = {steered.product(5): 2, steered.product(5): 3}
    with steered.interrupted(Stop("within", HOLD)), pytest.raises(Crash):
        steered.place(user_id, items, "k")
    assert sorted(steered.stock(p) for p in items) != sorted(5 - q for q in items.values())
    steered.wait(60)
    order = steered.read(steered.place(user_id, items, "k"))
    for item in order["items"]:
        (hold,) = steered.holds(item["productId"])
        assert (hold["holdId"], hold["quantity"]) == (item["holdId"], items[item["productId"]])


@pytest.mark.parametrize("write", [INTENT, HOLD, DECISION])
def test_an_answer_of_the_database_that_is_lost_costs_no_stock(steered: Steered, write: int) -> None:
    """The process lives on, answers 503, and the client sends the same request again."""
    user_id, product_id = steered.user(), steered.product(5)
    with steered.interrupted(Stop("after", write), lose_connection), pytest.raises(AutoReconnect):
        steered.place(user_id, {product_id: 2}, "k")
    steered.wait(60)
    steered.place(user_id, {product_id: 2}, "k")
    assert steered.only_order()["accepted"] is True
    assert steered.stock(product_id) == 3


def test_of_many_retries_at_once_only_one_takes_over(steered: Steered) -> None:
    order, product_id = stopped_after(steered, INTENT)
    steered.wait(60)

    def retry(_: int) -> str:
        try:
            return again(steered, order, product_id)
        except errors.RequestInProgress:
            return "in progress"

    answers = set(steered.each(8, retry))
    assert order["orderId"] in answers
    assert answers <= {order["orderId"], "in progress"}
    assert steered.stock(product_id) == 3


def test_a_retry_keeps_off_while_the_sweeper_has_the_order(steered: Steered) -> None:
    order, product_id = stopped_after(steered, HOLD)
    steered.wait(60)
    claimed = order_decisions.claim(order)
    assert claimed is not None
    with pytest.raises(errors.RequestInProgress):
        again(steered, order, product_id)
    assert order_decisions.claim(order) is None  # a second sweeper is late
    assert order_decisions.expire(order) is None  # and so is who saw it before the claim
    assert order_decisions.expire(claimed) is not None


def test_the_key_of_an_undecided_order_does_not_serve_another_body(steered: Steered) -> None:
    order, product_id = stopped_after(steered, INTENT)
    for _ in range(2):
        with pytest.raises(errors.IdempotencyKeyReused):
            again(steered, order, product_id, quantity=1)
        steered.wait(60)


def test_an_accepted_order_is_due_for_a_look_after_30_seconds(steered: Steered) -> None:
    order = steered.read(steered.place(steered.user(), {steered.product(5): 2}))
    assert order["nextActionAt"] == steered.now + timedelta(seconds=30)
    assert "purgeAt" not in order


def test_a_rejection_frees_what_was_held_and_is_purged_after_a_day(steered: Steered) -> None:
    plenty, scarce = steered.product(5), steered.product(1)
    with pytest.raises(errors.OutOfStock) as refused:
        place_order(steered.request(steered.user(), {plenty: 2, scarce: 2}, "k"))
    assert refused.value.members["shortages"] == [{"productId": scarce, "requested": 2, "available": 1}]
    order = steered.only_order()
    assert (order["status"], order["failureReason"]) == ("Failed", "out_of_stock")
    assert (order["accepted"], order["settled"]) == (False, True)
    assert order["purgeAt"] == steered.now + timedelta(hours=24)
    assert order.keys().isdisjoint({"nextActionAt", "mail"})
    assert (steered.stock(plenty), steered.stock(scarce)) == (5, 1)
    assert steered.holds(plenty) == []


def test_a_rejection_that_holds_nothing_is_settled_by_the_same_write(steered: Steered) -> None:
    user_id, scarce = steered.user(), steered.product(1)
    with steered.interrupted(None) as counted, pytest.raises(errors.OutOfStock):
        steered.place(user_id, {scarce: 2})
    assert counted.writes == DECISION
    assert steered.only_order()["settled"] is True
