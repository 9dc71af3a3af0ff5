"""Setting the stock while orders are held and sold: what came in is counted, nothing is lost or made."""

from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from bson import ObjectId

from models import books, inventory, reservations
from tests.support.collections import inventories
from tests.support.invariants import check_always, check_at_rest
from tests.support.steered import Steered
from utils import errors


def node_product(steered: Steered, stock: int) -> str:
    """As mongoose wrote it: none of the newer fields."""
    product_id, now = f"node-{uuid4().hex[:8]}", steered.now
    product: dict[str, Any] = {"productId": product_id, "stock": stock, "createdAt": now, "updatedAt": now}
    steered.database["inventories"].insert_one({**product, "__v": 0})
    return product_id


def test_what_is_set_is_what_is_free_to_sell(steered: Steered) -> None:
    product_id = steered.product(5)
    steered.deliver(steered.place(steered.user(), {product_id: 1}))
    steered.place(steered.user(), {product_id: 2})
    inventory.set_stock(product_id, stock=10)
    product = steered.inventory(product_id)
    assert (product["stock"], product["sold"], product["received"]) == (10, 1, 13)
    check_always(steered.database)
    inventory.set_stock(product_id, stock=0)
    check_always(steered.database)
    with pytest.raises(errors.OutOfStock):
        steered.place(steered.user(), {product_id: 1})
    steered.finish()
    check_at_rest(steered.database)


def test_a_product_of_the_node_app_is_reserved_sold_and_returned(steered: Steered) -> None:
    product_id = node_product(steered, 5)
    sold, kept = (steered.place(steered.user(), {product_id: q}, totalAmount=1) for q in (1, 2))
    assert steered.stock(product_id) == 2
    steered.deliver(sold)
    assert books.adopt() == 1
    assert steered.inventory(product_id)["received"] == 5
    check_always(steered.database)
    steered.deliver(kept)
    check_at_rest(steered.database)


def test_a_product_of_the_node_app_is_counted_when_its_stock_is_set(steered: Steered) -> None:
    product_id = node_product(steered, 5)
    steered.place(steered.user(), {product_id: 2}, totalAmount=1)
    assert not inventory.set_stock(product_id, stock=7, price=3)
    product = steered.inventory(product_id)
    assert (product["stock"], product["received"], product["price"]) == (7, 9, 3)
    check_always(steered.database)


def test_stock_that_is_set_and_reserved_at_once_adds_up(steered: Steered) -> None:
    product_id = steered.product(50)
    user_id = steered.user()

    def place() -> None:
        for _ in range(5):
            steered.deliver(steered.place(user_id, {product_id: 1}))

    def fill() -> None:
        for level in (40, 60, 80):
            inventory.set_stock(product_id, stock=level)
            check_always(steered.database)

    work = [place, fill] * 4
    steered.each(8, lambda number: work[number]())
    assert steered.inventory(product_id)["sold"] == 20
    check_at_rest(steered.database)


def test_making_the_indexes_again_counts_nothing_twice(steered: Steered) -> None:
    product_id = node_product(steered, 5)
    counts = steered.each(4, lambda _: books.adopt())
    assert sum(counts) == 1
    before = steered.inventory(product_id)
    assert books.adopt() == 0
    assert steered.inventory(product_id) == before


def test_a_sale_of_what_is_not_held_changes_nothing(steered: Steered) -> None:
    """Booking is safe to repeat, by anyone, at any time."""
    product_id = steered.product(5)
    order = steered.read(steered.place(steered.user(), {product_id: 2}))
    steered.deliver(order["orderId"])
    before = steered.inventory(product_id)
    steered.each(4, lambda _: reservations.settle_sold(order["orderId"], order["items"]))
    steered.each(4, lambda _: reservations.settle_returned(order["orderId"], order["items"]))
    assert steered.inventory(product_id) == before


def test_giving_back_at_once_gives_back_once(steered: Steered) -> None:
    product_id = steered.product(5)
    order = steered.read(steered.place(steered.user(), {product_id: 2}))
    give_back = partial(reservations.settle_returned, order["orderId"], order["items"])
    steered.each(8, lambda _: give_back())
    assert (steered.stock(product_id), steered.holds(product_id)) == (5, [])


def test_the_time_of_a_product_moves_with_the_stock_that_is_seen(steered: Steered) -> None:
    product_id = steered.product(5)

    def moved(act: Any) -> bool:
        steered.wait(1)
        act()
        return bool(steered.inventory(product_id)["updatedAt"] == steered.now)

    kept, cancelled = (steered.read(steered.place(steered.user(), {product_id: 1})) for _ in range(2))
    assert moved(lambda: steered.place(steered.user(), {product_id: 1}))
    assert moved(lambda: reservations.settle_returned(cancelled["orderId"], cancelled["items"]))
    stray = steered.holds(product_id)[-1]
    assert moved(lambda: reservations.free_hold(product_id, stray["orderId"], stray["holdId"], 1))
    assert not moved(lambda: reservations.settle_sold(kept["orderId"], kept["items"])), "it was gone before"
    assert steered.stock(product_id) == 4


def test_the_reaper_goes_on_past_odd_products_and_frees_their_holds_once_they_are_mended(
    steered: Steered,
) -> None:
    """A stray hold of each; the order of insertion is that in which they are read."""
    gone = str(ObjectId())
    stray = {"orderId": gone, "holdId": "h", "quantity": 2, "at": steered.now}
    odd: list[dict[str, Any]] = [
        {"productId": "text", "stock": "text", "holds": [stray]},
        {"productId": 7, "stock": 1, "holds": [stray]},
        {"stock": 1, "holds": [stray]},
        {"productId": "entries", "stock": 1, "holds": [None, 7, {"at": steered.now}, stray]},
    ]
    steered.database["inventories"].insert_many(odd)
    good = steered.product(5)
    inventories().update_one({"productId": good}, {"$push": {"holds": stray}})

    assert steered.audit_later() == 2

    assert steered.stock(good) == 7
    assert (steered.stock("entries"), steered.holds("entries")) == (3, [None, 7, {"at": stray["at"]}])
    inventory.set_stock("text", stock=1)
    inventory.set_stock("entries", stock=1)
    assert steered.audit_later() == 1
    assert (steered.stock("text"), steered.holds("text"), steered.holds("entries")) == (3, [], [])


def test_an_accepted_order_is_sold_though_its_product_became_odd(steered: Steered) -> None:
    product_id = steered.product(5)
    order_id = steered.place(steered.user(), {product_id: 2})
    steered.database["inventories"].update_one({"productId": product_id}, {"$set": {"stock": "three"}})

    steered.deliver(order_id)

    assert steered.read(order_id)["settled"]
    inventory.set_stock(product_id, stock=3)
    check_at_rest(steered.database)
