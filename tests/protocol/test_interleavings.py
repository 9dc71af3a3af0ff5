"""Somebody comes in between two writes, or a write arrives late: what was decided stands."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from controllers import order_controller
from models import order_decisions, reservations
from tests.support.collections import orders
from tests.support.crashes import Crash, Stop, lose_connection
from tests.support.invariants import check_always, check_at_rest
from tests.support.steered import Steered
from utils import errors

INTENT, HOLD, DECISION = 1, 2, 3  # the writes of a request, in this order


def expire_it(steered: Steered) -> Callable[[], None]:
    """The request has stood still for a minute, and the sweeper came round."""

    def act() -> None:
        steered.wait(60)
        assert steered.sweep() == 1

    return act


@pytest.mark.parametrize("stop", [Stop("before", HOLD), Stop("after", HOLD)], ids=str)
def test_an_order_that_expired_meanwhile_is_never_answered_with_201(steered: Steered, stop: Stop) -> None:
    user_id, product_id = steered.user(), steered.product(5)
    with (
        steered.interrupted(stop, expire_it(steered)),
        pytest.raises(errors.ServiceUnavailable),
    ):
        steered.place(user_id, {product_id: 2}, "k")
    assert steered.only_order()["failureReason"] == "expired"
    steered.finish()
    check_at_rest(steered.database)
    assert steered.stock(product_id) == 5


class Resending:
    """A collection behind a driver that was not answered, and sends each insert again."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)

    def insert_one(self, document: dict[str, Any]) -> Any:
        self._collection.insert_one(document)
        return self._collection.insert_one(document)


@pytest.mark.parametrize("key", ["k", None])
def test_an_intent_that_the_driver_sends_twice_is_not_taken_for_somebody_elses(
    steered: Steered, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    user_id, product_id = steered.user(), steered.product(5)
    monkeypatch.setattr(order_decisions, "orders", lambda: Resending(orders()))

    order_id = steered.place(user_id, {product_id: 2}, key)

    assert steered.only_order()["orderId"] == order_id
    steered.finish()
    check_at_rest(steered.database)
    assert steered.stock(product_id) == 3


def test_a_hold_that_arrives_after_the_decision_is_freed_by_the_reaper(steered: Steered) -> None:
    user_id, product_id = steered.user(), steered.product(5)
    with (
        steered.interrupted(Stop("before", HOLD), expire_it(steered)),
        pytest.raises(errors.ServiceUnavailable),
    ):
        steered.place(user_id, {product_id: 2})
    (hold,) = steered.holds(product_id)
    assert steered.audit() == 0
    steered.now = hold["at"] + timedelta(minutes=15)
    assert steered.audit() == 0  # it is to be older than that
    steered.wait(0.001)
    assert steered.audit() == 1
    assert steered.holds(product_id) == []
    assert steered.stock(product_id) == 5
    assert not reservations.free_hold(product_id, hold["orderId"], hold["holdId"], 2)
    check_at_rest(steered.database)


def test_a_late_hold_of_an_order_that_was_sold_is_freed_and_the_sale_stays(steered: Steered) -> None:
    product_id = steered.product(5)
    order_id = steered.place(steered.user(), {product_id: 2})
    steered.deliver(order_id)
    reservations.reserve(order_id, [{"productId": product_id, "quantity": 2}])
    assert steered.stock(product_id) == 1
    steered.finish()
    assert (steered.stock(product_id), steered.inventory(product_id)["sold"]) == (3, 2)
    check_at_rest(steered.database)


def test_a_late_hold_is_not_sold_by_whoever_repeats_the_booking(steered: Steered) -> None:
    """The worker died between the booking and the note of it, and then the hold arrived."""
    product_id = steered.product(5)
    order_id = steered.place(steered.user(), {product_id: 2})
    with steered.interrupted(Stop("after", 2)), pytest.raises(Crash):
        steered.deliver(order_id)
    reservations.reserve(order_id, [{"productId": product_id, "quantity": 2}])
    steered.finish()
    assert (steered.stock(product_id), steered.inventory(product_id)["sold"]) == (3, 2)
    check_at_rest(steered.database)


def test_the_reaper_keeps_off_holds_that_somebody_will_settle(steered: Steered) -> None:
    user_id = steered.user()
    pending, processed, cancelled = (
        steered.read(steered.place(user_id, {steered.product(5): 2})) for _ in range(3)
    )
    assert order_decisions.process(processed)
    assert order_decisions.cancel(cancelled)
    assert steered.audit_later() == 0
    for order in (pending, processed, cancelled):
        assert len(steered.holds(order["items"][0]["productId"])) == 1


def test_a_hold_of_an_order_that_was_purged_is_freed(steered: Steered) -> None:
    product_id = steered.product(5)
    reservations.reserve("5f0000000000000000000000", [{"productId": product_id, "quantity": 2}])
    assert steered.audit_later() == 1
    assert steered.stock(product_id) == 5


def test_whoever_comes_late_to_the_decision_answers_what_was_decided(steered: Steered) -> None:
    """A request stands still before it accepts; its client's retry takes over and is answered first."""
    user_id, product_id = steered.user(), steered.product(5)
    retried: list[str] = []

    def take_over() -> None:
        steered.wait(60)
        retried.append(steered.place(user_id, {product_id: 2}, "k"))

    with steered.interrupted(Stop("before", DECISION), take_over):
        first = steered.place(user_id, {product_id: 2}, "k")
    assert [first] == retried
    assert steered.only_order()["accepted"] is True
    assert steered.stock(product_id) == 3
    check_always(steered.database)


def test_stock_that_comes_back_in_time_is_taken(steered: Steered) -> None:
    """Between the hold that failed and the look at why, somebody gave his piece back."""
    user_id, product_id = steered.user(), steered.product(1)
    other = steered.place(user_id, {product_id: 1})
    with steered.interrupted(Stop("after", HOLD), lambda: order_controller.cancel(user_id, other, "request")):
        order_id = steered.place(user_id, {product_id: 1})
    assert steered.read(order_id)["accepted"] is True
    assert steered.stock(product_id) == 0


def test_a_product_with_5000_open_reservations_takes_no_more(steered: Steered) -> None:
    user_id, product_id = steered.user(), steered.product(10)
    hold = {"holdId": "x", "quantity": 1, "at": steered.now}
    crowd = [{**hold, "orderId": str(number)} for number in range(reservations.MAX_HOLDS)]
    steered.database["inventories"].update_one({"productId": product_id}, {"$set": {"holds": crowd}})
    with pytest.raises(errors.ServiceUnavailable) as refused:
        steered.place(user_id, {product_id: 1}, "k")
    assert "Retry-After" in refused.value.headers
    assert steered.stock(product_id) == 10
    steered.database["inventories"].update_one({"productId": product_id}, {"$pop": {"holds": 1}})
    steered.place(user_id, {product_id: 1}, "k")  # the refused order gave its key free
    assert steered.stock(product_id) == 9


@pytest.mark.parametrize("first", ["worker", "customer"])
def test_of_cancelling_and_processing_one_wins_and_the_other_follows(steered: Steered, first: str) -> None:
    user_id, product_id = steered.user(), steered.product(5)
    order_id = steered.place(user_id, {product_id: 2})
    if first == "worker":
        act: Callable[[], object] = lambda: steered.deliver(order_id)  # noqa: E731
        with steered.interrupted(Stop("before", 1), act), pytest.raises(errors.NotCancellable):
            order_controller.cancel(user_id, order_id, "request")
    else:
        act = lambda: order_controller.cancel(user_id, order_id, "request")  # noqa: E731
        with steered.interrupted(Stop("before", 1), act):
            steered.deliver(order_id)
    steered.finish()
    assert steered.read(order_id)["status"] == ("Processed" if first == "worker" else "Failed")
    assert steered.stock(product_id) == (3 if first == "worker" else 5)
    assert len(steered.ses.mails) == 1
    check_at_rest(steered.database)


def test_a_claim_ends_with_its_lease(steered: Steered) -> None:
    """A worker that took an order and died keeps it for a minute, no longer."""
    order_id = steered.place(steered.user(), {steered.product(5): 2})
    steered.wait(30)
    with steered.interrupted(Stop("after", 1)), pytest.raises(Crash):
        steered.sweep()
    assert steered.read(order_id)["nextActionAt"] == steered.now + timedelta(seconds=60)
    steered.wait(59.9)
    assert steered.sweep() == 0
    steered.wait(0.1)
    assert steered.sweep() == 1
    assert steered.read(order_id)["status"] == "Processed"


@pytest.mark.parametrize("stop", [Stop("before", 2), Stop("after", 2), Stop("before", 3)], ids=str)
def test_who_cancels_again_after_the_settling_failed_frees_the_stock(steered: Steered, stop: Stop) -> None:
    """The first answer was a 503, though the order is cancelled: the client asks again."""
    user_id, product_id = steered.user(), steered.product(5)
    order_id = steered.place(user_id, {product_id: 2})
    with steered.interrupted(stop, lose_connection), pytest.raises(AutoReconnect):
        order_controller.cancel(user_id, order_id, "request")
    assert (steered.read(order_id)["status"], "settled" in steered.read(order_id)) == ("Failed", False)

    for _ in range(2):
        assert order_controller.cancel(user_id, order_id, "request")["failureReason"] == "cancelled"

    assert steered.stock(product_id) == 5
    events = [entry["event"] for entry in steered.read(order_id)["history"]]
    assert events == ["received", "accepted", "cancelled", "settled"]
    steered.finish()
    check_at_rest(steered.database)
    assert len(steered.ses.mails) == 1


def test_who_comes_second_in_taking_an_order_over_is_told_to_come_back_in_a_second(steered: Steered) -> None:
    """The first request has died; two repetitions come at the same moment. Of a repetition the second write
    takes the order over: the first is its intent, which finds the key in use."""
    user_id, product_id = steered.user(), steered.product(5)
    with steered.interrupted(Stop("before", HOLD)), pytest.raises(Crash):
        steered.place(user_id, {product_id: 2}, "k")
    steered.wait(61)

    def the_other_one() -> None:
        steered.place(user_id, {product_id: 2}, "k")

    with (
        steered.interrupted(Stop("before", 2), the_other_one),
        pytest.raises(errors.RequestInProgress) as refused,
    ):
        steered.place(user_id, {product_id: 2}, "k")

    assert refused.value.headers["Retry-After"] == "1"
    assert steered.stock(product_id) == 3
