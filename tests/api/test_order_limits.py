"""How many orders a user may place and cancel, and how many may wait for their mails."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
import requests
from bson import ObjectId

from tests.api.conftest import Mongo, StartApi
from tests.support.client import Client, expect_problem
from tests.support.together import together
from utils import clock

ORDERS, CANCELS, WAITING = 6, 3, 4
Product = Callable[..., str]


@pytest.fixture(scope="module")
def limited(start_api: StartApi) -> Iterator[str]:
    """An API with low limits."""
    limits = {"ORDERS_PER_MINUTE": str(ORDERS), "CANCELS_PER_MINUTE": str(CANCELS)}
    with start_api("order-limits", RATELIMIT_ENABLED="true", **limits) as base:
        yield base


@pytest.fixture(scope="module")
def patient(start_api: StartApi) -> Iterator[str]:
    """An API that lets few orders of a user wait."""
    limits = {"MAILS_WAITING_PER_USER": str(WAITING)}
    with start_api("mails-waiting", RATELIMIT_ENABLED="true", **limits) as base:
        yield base


@pytest.fixture
def customer(user: Client, limited: str) -> Client:
    """Registered elsewhere: registrations are limited too."""
    return at(user, limited)


def at(user: Client, base: str) -> Client:
    other = Client(base)
    other.user_id, other.tokens = user.user_id, user.tokens
    return other


def expect_limited(answer: requests.Response, at_most: int = 60) -> str:
    problem = expect_problem(answer, 429, "rate_limited")
    assert 1 <= int(answer.headers["Retry-After"]) <= at_most + 1
    detail: str = problem["detail"]
    return detail


def test_a_user_may_place_so_many_orders_a_minute(
    customer: Client, limited: str, new_user: Callable[[], Client], product: Product
) -> None:
    product_id = product(100)
    for _ in range(ORDERS):
        assert customer.order({product_id: 1}).status_code == 201

    for _ in range(3):
        assert "too many orders" in expect_limited(customer.order({product_id: 1}))
    assert customer.get("/api/orders").status_code == 200
    assert len(customer.get("/api/orders").json()["data"]) == ORDERS, "nothing was placed"
    assert at(new_user(), limited).order({product_id: 1}).status_code == 201, "another user is not concerned"


def test_orders_at_once_are_counted_before_they_are_answered(customer: Client, product: Product) -> None:
    product_id = product(100)

    clients = [at(customer, customer.base) for _ in range(3 * ORDERS)]
    answers = together([partial(client.order, {product_id: 1}) for client in clients])

    assert sorted(a.status_code for a in answers) == [201] * ORDERS + [429] * 2 * ORDERS


def test_a_repetition_under_its_key_is_answered_all_the_same(customer: Client, product: Product) -> None:
    product_id = product(100)
    first = customer.order({product_id: 1}, key="first")
    short = customer.order({product_id: 1000}, key="short")
    assert (first.status_code, short.status_code) == (201, 409)
    for _ in range(ORDERS):
        customer.order({product_id: 1})
    expect_limited(customer.order({product_id: 1}, key="new"))

    for _ in range(2 * ORDERS):
        again = customer.order({product_id: 1}, key="first")
        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["Idempotent-Replayed"] == "true"
    assert customer.order({product_id: 1000}, key="short").json()["code"] == "out_of_stock"
    expect_problem(customer.order({product_id: 2}, key="first"), 422, "idempotency_key_reused")
    expect_limited(customer.order({product_id: 1}, key="new"))


def test_a_user_may_cancel_so_many_orders_a_minute(customer: Client, user: Client, product: Product) -> None:
    product_id = product(100)
    ids = [user.order({product_id: 1}).json()["orderId"] for _ in range(CANCELS + 1)]

    first = [customer.post(f"/api/orders/{order_id}/cancel").status_code for order_id in ids[:CANCELS]]

    assert set(first) <= {200, 409}, "a worker may have been first"
    expect_limited(customer.post(f"/api/orders/{ids[-1]}/cancel"))
    assert customer.order({product_id: 1}).status_code == 201, "orders are counted apart"


def wait_for_mails(database: Mongo, user: Client, count: int) -> list[ObjectId]:
    """Orders of the user whose mails are to be tried again in an hour."""
    mail = {"state": "due", "attempts": 9}
    later = clock.now() + timedelta(hours=1)
    ids = [ObjectId() for _ in range(count)]
    for order_id in ids:
        more = {"orderId": str(order_id), "status": "Processed", "mail": mail, "nextActionAt": later}
        database["orders"].insert_one({"_id": order_id, "userId": ObjectId(user.user_id), **more})
    return ids


def test_a_user_with_too_many_mails_that_wait_orders_no_more(
    user: Client, new_user: Callable[[], Client], patient: str, database: Mongo, product: Product
) -> None:
    customer, other, product_id = at(user, patient), new_user(), product(100)
    ids = wait_for_mails(database, user, WAITING - 1)
    first = customer.order({product_id: 1}, key="first")
    assert first.status_code == 201
    ids += wait_for_mails(database, user, 1)

    detail = expect_limited(customer.order({product_id: 1}, key="second"))

    assert f"{WAITING} of your orders still wait" in detail
    assert customer.order({product_id: 1}, key="first").json() == first.json()
    assert at(other, patient).order({product_id: 1}).status_code == 201
    database["orders"].delete_many({"_id": {"$in": ids}})
    assert customer.order({product_id: 1}, key="second").status_code == 201


def test_both_limits_can_be_turned_off(user: Client, database: Mongo, product: Product) -> None:
    """The API of the session has them off: one user of a load test places all orders."""
    wait_for_mails(database, user, 101)
    product_id = product(100)

    answers = [user.order({product_id: 1}) for _ in range(61)]

    assert {answer.status_code for answer in answers} == {201}
