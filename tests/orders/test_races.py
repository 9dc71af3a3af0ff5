"""Many at once, with real threads against real processes."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import requests
from bson import ObjectId

from tests.faults.time_travel import at_rest, pass_time
from tests.support.client import Client
from tests.support.collections import orders
from tests.support.invariants import check_always, check_at_rest
from tests.support.together import together
from tests.support.waiting import wait_for

Product = Callable[..., str]
BUYERS, UNITS = 100, 10


@pytest.fixture(scope="module")
def buyers(api: str) -> Iterator[list[Client]]:
    """100 accounts."""
    clients = [Client(api) for _ in range(BUYERS)]
    for start in range(0, BUYERS, 20):
        together([client.register for client in clients[start : start + 20]])
    yield clients
    for client in clients:
        client.session.close()


def finished(clients: list[Client]) -> None:
    """Wait until nothing is left to do for these customers' orders."""
    users = [ObjectId(client.user_id) for client in clients]

    def at_rest_now() -> bool:
        pass_time(orders().database, users, claims=False)
        return at_rest(orders().database, users)

    wait_for(at_rest_now, "all orders to be finished")


@pytest.mark.usefixtures("worker")
def test_of_100_buyers_for_10_units_exactly_10_are_served(buyers: list[Client], product: Product) -> None:
    product_id = product(UNITS)
    answers = together([partial(buyer.order, {product_id: 1}) for buyer in buyers])
    assert Counter(answer.status_code for answer in answers) == {201: UNITS, 409: BUYERS - UNITS}
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"out_of_stock"}
    check_always(orders().database, {product_id})
    finished(buyers)
    check_at_rest(orders().database, {product_id})
    last = buyers[0].get(f"/api/inventory/{product_id}").json()
    assert (last["stock"], last["inStock"]) == (0, False)


@pytest.mark.usefixtures("worker")
def test_orders_over_two_products_in_opposite_order_do_not_block_each_other(
    buyers: list[Client], product: Product
) -> None:
    first, second = product(1000), product(1000)
    baskets = [{first: 1, second: 1}, {second: 1, first: 1}]
    chosen = buyers[:40]
    answers = together([partial(buyer.order, baskets[n % 2]) for n, buyer in enumerate(chosen)])
    assert {answer.status_code for answer in answers} == {201}
    finished(chosen)
    check_at_rest(orders().database, {first, second})


def test_two_scarce_products_are_never_held_by_an_order_that_is_refused(
    buyers: list[Client], product: Product
) -> None:
    """Who gets only one of the two gives it back, and a later buyer finds it."""
    first, second = product(5), product(3)
    together([partial(buyer.order, {first: 1, second: 1}) for buyer in buyers[:30]])
    left = {p: buyers[0].get(f"/api/inventory/{p}").json()["stock"] for p in (first, second)}
    check_always(orders().database, {first, second})
    accepted = 3 - left[second]
    assert left[first] == 5 - accepted
    for _ in range(left[second]):
        assert buyers[0].order({first: 1, second: 1}).status_code == 201


@pytest.mark.usefixtures("worker")
def test_of_a_cancel_and_the_worker_one_wins(buyers: list[Client], product: Product) -> None:
    product_id = product(1000)
    chosen = buyers[:20]

    def order_and_cancel(buyer: Client) -> list[tuple[str, requests.Response]]:
        ids = [buyer.order({product_id: 1}).json()["orderId"] for _ in range(2)]
        return [(order_id, buyer.post(f"/api/orders/{order_id}/cancel")) for order_id in ids]

    told = together([partial(order_and_cancel, buyer) for buyer in chosen])
    finished(chosen)
    outcomes = Counter[int]()
    for buyer, answers in zip(chosen, told, strict=True):
        for order_id, answer in answers:
            order = buyer.get(f"/api/orders/{order_id}").json()
            expected = {200: ("Failed", "cancelled"), 409: ("Processed", None)}[answer.status_code]
            assert (order["status"], order.get("failureReason")) == expected
            outcomes[answer.status_code] += 1
        mailed = {mail["subject"] for mail in buyer.mails()}
        assert {f"Order {order_id} Status Update" for order_id, _ in answers} <= mailed
    check_at_rest(orders().database, {product_id})
    stock = buyers[0].get(f"/api/inventory/{product_id}").json()["stock"]
    assert stock == 1000 - outcomes[409]
    assert outcomes[200] + outcomes[409] == 40


def test_20_cancels_at_once_are_all_answered_and_the_stock_comes_back_once(
    quiet: Client, quiet_api: str, product: Product
) -> None:
    product_id = product(5)
    order_id = quiet.order({product_id: 2}).json()["orderId"]

    def cancel() -> int:
        again = Client(quiet_api)
        again.tokens = quiet.tokens
        return again.post(f"/api/orders/{order_id}/cancel").status_code

    assert Counter(together([cancel] * 20)) == {200: 20}
    assert quiet.get(f"/api/inventory/{product_id}").json()["stock"] == 5
    check_always(orders().database, {product_id})
