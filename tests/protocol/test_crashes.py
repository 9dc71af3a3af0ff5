"""The process dies: at every write of every piece of work, before it, within it and after it.

What comes after is the sweeper's and the reaper's, with nobody ringing. Whatever the stop, each order ends,
the stock adds up, and who was promised something gets it.
"""

from collections.abc import Callable
from contextlib import suppress

import pytest
from bson import ObjectId

from controllers import order_controller
from tests.support.crashes import Crash, Stop, stops
from tests.support.invariants import check_always, check_at_rest, check_pending
from tests.support.steered import Steered
from utils import errors

PLACED, REFUSED, ADVANCED, CANCELLED, EXPIRED = 3, 5, 5, 3, 4  # how many writes each piece of work makes
BEFORE_THE_MARK = 5  # of ADVANCED: the mail is sent, and not yet marked as sent


class Shop:
    """One customer, and an order over two products."""

    def __init__(self, steered: Steered) -> None:
        self.steered = steered
        self.user_id: ObjectId = steered.user()
        self.first, self.second = sorted(steered.product(5) for _ in range(2))
        self.items = {self.first: 2, self.second: 3}

    def place(self, key: str | None = None) -> str:
        return self.steered.place(self.user_id, self.items, key)

    def sold(self) -> list[int]:
        return [self.steered.inventory(product_id).get("sold", 0) for product_id in self.items]

    def finish(self) -> None:
        check_always(self.steered.database)
        check_pending(self.steered.database)
        self.steered.finish()
        check_at_rest(self.steered.database)


@pytest.fixture
def shop(steered: Steered) -> Shop:
    return Shop(steered)


def die_at(shop: Shop, stop: Stop, work: Callable[[], object]) -> None:
    with shop.steered.interrupted(stop), pytest.raises(Crash):
        work()


@pytest.mark.parametrize("stop", stops(PLACED), ids=str)
def test_placing_an_order(shop: Shop, stop: Stop) -> None:
    die_at(shop, stop, shop.place)
    shop.finish()
    for order in shop.steered.database["orders"].find():
        expected = "Processed" if order["accepted"] else "Failed"
        assert order["status"] == expected
        assert len(shop.steered.ses.mails) == (1 if order["accepted"] else 0)


@pytest.mark.parametrize("stop", stops(PLACED), ids=str)
def test_placing_an_order_and_sending_the_request_again(shop: Shop, stop: Stop) -> None:
    die_at(shop, stop, lambda: shop.place("k"))
    shop.steered.wait(60)
    order_id = shop.place("k")
    assert shop.place("k") == order_id
    shop.finish()
    accepted = list(shop.steered.database["orders"].find({"accepted": True}))
    assert [order["orderId"] for order in accepted] == [order_id]
    assert shop.sold() == list(shop.items.values())
    assert len(shop.steered.ses.mails) == 1


@pytest.mark.parametrize("stop", stops(REFUSED), ids=str)
def test_refusing_an_order(shop: Shop, stop: Stop) -> None:
    shop.items[shop.first] = 9
    die_at(shop, stop, lambda: shop.place("k"))
    shop.finish()
    assert shop.sold() == [0, 0]
    assert shop.steered.ses.mails == []
    with pytest.raises(errors.OutOfStock):
        shop.place("k")


@pytest.mark.parametrize("stop", stops(ADVANCED), ids=str)
def test_advancing_an_order(shop: Shop, stop: Stop) -> None:
    order_id = shop.place()
    die_at(shop, stop, lambda: shop.steered.deliver(order_id))
    shop.finish()
    assert shop.steered.read(order_id)["status"] == "Processed"
    assert shop.sold() == list(shop.items.values())
    doubled = stop.nth == BEFORE_THE_MARK and stop.when != "after"
    assert len(shop.steered.ses.mails) == (2 if doubled else 1)


@pytest.mark.parametrize("stop", stops(ADVANCED), ids=str)
def test_failing_an_order(shop: Shop, stop: Stop) -> None:
    def fail(_: object) -> None:
        raise RuntimeError

    shop.steered.fulfil = fail
    order_id = shop.place()
    shop.steered.database["orders"].update_one({}, {"$set": {"attempts": 4}})
    shop.steered.wait(30)
    die_at(shop, stop, lambda: shop.steered.deliver(order_id))
    shop.finish()
    assert shop.steered.read(order_id)["failureReason"] == "processing_error"
    assert shop.sold() == [0, 0]
    assert shop.steered.ses.mails


@pytest.mark.parametrize("stop", stops(CANCELLED), ids=str)
def test_cancelling_an_order(shop: Shop, stop: Stop) -> None:
    order_id = shop.place()
    die_at(shop, stop, lambda: order_controller.cancel(shop.user_id, order_id, "request"))
    shop.finish()
    cancelled = stop != Stop("before", 1) and stop != Stop("within", 1)
    assert shop.steered.read(order_id)["status"] == ("Failed" if cancelled else "Processed")
    assert shop.sold() == ([0, 0] if cancelled else list(shop.items.values()))
    assert len(shop.steered.ses.mails) == 1


@pytest.mark.parametrize("stop", stops(EXPIRED), ids=str)
def test_expiring_an_order(shop: Shop, stop: Stop) -> None:
    die_at(shop, Stop("after", 2), shop.place)
    shop.steered.wait(60)
    die_at(shop, stop, shop.steered.sweep)
    shop.finish()
    assert shop.steered.only_order()["failureReason"] == "expired"
    assert shop.steered.only_order()["purgeAt"] is not None
    assert shop.sold() == [0, 0]


@pytest.mark.parametrize("first", stops(ADVANCED, "after"), ids=str)
@pytest.mark.parametrize("second", [1, 2, 3, 4, 5, 6])
def test_the_next_worker_dies_as_well(shop: Shop, first: Stop, second: int) -> None:
    order_id = shop.place()
    die_at(shop, first, lambda: shop.steered.deliver(order_id))
    shop.steered.wait(30 * 60)
    with shop.steered.interrupted(Stop("after", second)), suppress(Crash):
        shop.steered.sweep()
    shop.finish()
    assert shop.steered.read(order_id)["status"] == "Processed"
    assert shop.sold() == list(shop.items.values())
    assert len(shop.steered.ses.mails) == 1


def test_these_are_all_the_writes_there_are(shop: Shop) -> None:
    """Else the tests above would miss some stops."""
    steered = shop.steered
    with steered.interrupted(None) as placing:
        first, second = shop.place(), steered.place(shop.user_id, {shop.first: 1})
    with steered.interrupted(None) as advancing:
        steered.deliver(first)
    with steered.interrupted(None) as cancelling:
        order_controller.cancel(shop.user_id, second, "request")
    with steered.interrupted(None) as refusing, pytest.raises(errors.OutOfStock):
        steered.place(shop.user_id, {shop.first: 9, shop.second: 1})
    die_at(shop, Stop("after", 2), lambda: steered.place(shop.user_id, {shop.first: 1}))
    steered.deliver(second)
    steered.wait(60)
    with steered.interrupted(None) as expiring:
        steered.sweep()
    counts = [w.writes for w in (placing, refusing, advancing, cancelling, expiring)]
    assert counts == [2 * PLACED, REFUSED, ADVANCED, CANCELLED, EXPIRED]
