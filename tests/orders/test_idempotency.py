"""Idempotency-Key: the same request again gets the same answer again, and orders once."""

from collections import Counter
from collections.abc import Callable
from uuid import uuid4

import pytest
import requests

from models import inventory
from tests.support.client import Client, expect_problem
from tests.support.collections import inventories, orders
from tests.support.together import together

Product = Callable[..., str]


@pytest.fixture
def key() -> str:
    return uuid4().hex


def expect_replay(first: requests.Response, again: requests.Response) -> None:
    """The same status and body, byte by byte."""
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert again.headers.get("Location") == first.headers.get("Location")
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_201_is_answered_again_and_nothing_ordered(quiet: Client, product: Product, key: str) -> None:
    product_id = product(5, 19.99)
    first = quiet.order({product_id: 2}, key)
    for _ in range(2):
        expect_replay(first, quiet.order({product_id: 2}, key))
    assert first.status_code == 201
    assert quiet.get(f"/api/inventory/{product_id}").json()["stock"] == 3


@pytest.mark.usefixtures("worker")
def test_a_201_is_answered_again_as_it_was_after_the_order_was_processed(
    user: Client, product: Product, key: str
) -> None:
    product_id = product(5)
    first = user.order({product_id: 2}, key)
    assert user.ended(first.json()["orderId"])["status"] == "Processed"
    expect_replay(first, user.order({product_id: 2}, key))


def test_a_201_is_answered_again_as_it_was_after_the_order_was_cancelled(
    quiet: Client, product: Product, key: str
) -> None:
    product_id = product(5)
    first = quiet.order({product_id: 2}, key)
    assert quiet.post(first.headers["Location"] + "/cancel").status_code == 200
    expect_replay(first, quiet.order({product_id: 2}, key))
    assert quiet.get(f"/api/inventory/{product_id}").json()["stock"] == 5


def test_a_409_is_answered_again_even_after_new_stock_came(quiet: Client, product: Product, key: str) -> None:
    product_id = product(1)
    first = quiet.order({product_id: 2}, key)
    expect_problem(first, 409, "out_of_stock")
    inventory.set_stock(product_id, stock=100)
    expect_replay(first, quiet.order({product_id: 2}, key))
    assert quiet.order({product_id: 2}, key + "-new").status_code == 201


def test_how_the_body_is_written_does_not_matter(quiet: Client, product: Product, key: str) -> None:
    """The order of fields, white space, 20 or 20.0, and a userId that says nothing new."""
    product_id = product(5)
    first = quiet.order({product_id: 2}, key, totalAmount=20)
    line = f'{{"quantity":2,"productId":"{product_id}"}}'
    text = f'{{ "totalAmount":20.0 , "userId":"{quiet.user_id}","items":[ {line}]}}'
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    expect_replay(first, quiet.send("POST", "/api/orders", data=text, headers=headers))


def test_another_body_under_the_same_key_is_refused(quiet: Client, product: Product, key: str) -> None:
    product_id = product(5)
    first = quiet.order({product_id: 2}, key)
    for other in ({product_id: 1}, {product_id: 2, product(5): 1}, {"no-such-product": 1}):
        expect_problem(quiet.order(other, key), 422, "idempotency_key_reused")
    expect_problem(quiet.order({product_id: 2}, key, totalAmount=20), 422, "idempotency_key_reused")
    expect_replay(first, quiet.order({product_id: 2}, key))


def test_another_body_is_refused_after_a_409_too(quiet: Client, product: Product, key: str) -> None:
    product_id = product(1)
    quiet.order({product_id: 2}, key)
    expect_problem(quiet.order({product_id: 1}, key), 422, "idempotency_key_reused")


def test_keys_belong_to_one_user(quiet: Client, quiet_api: str, product: Product, key: str) -> None:
    other, product_id = Client(quiet_api).register(), product(5)
    first, second = (user.order({product_id: 2}, key) for user in (quiet, other))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["orderId"] != second.json()["orderId"]
    assert "Idempotent-Replayed" not in second.headers


def test_errors_of_validation_are_not_kept(quiet: Client, product: Product, key: str) -> None:
    priced, unpriced = product(5, 10), product(5, None)
    expect_problem(quiet.order({priced: 0}, key), 400, "validation_error")
    expect_problem(quiet.order({unpriced: 1}, key), 400, "validation_error")
    expect_problem(quiet.order({priced: 1}, key, totalAmount=11), 422, "total_mismatch")
    expect_problem(quiet.order({"no-such-product": 1}, key), 422, "unknown_product")
    expect_problem(quiet.order({priced: 1}, key, userId="me"), 403, "forbidden")
    assert quiet.order({priced: 1}, key).status_code == 201


def test_prices_that_changed_since_do_not_change_the_answer(
    quiet: Client, product: Product, key: str
) -> None:
    product_id = product(5, 10)
    first = quiet.order({product_id: 2}, key, totalAmount=20)
    inventory.set_stock(product_id, stock=3, price=12)
    expect_replay(first, quiet.order({product_id: 2}, key, totalAmount=20))
    inventory.set_stock(product_id, stock=3, price=None)
    expect_replay(first, quiet.order({product_id: 2}, key, totalAmount=20))
    inventories().delete_one({"productId": product_id})
    expect_replay(first, quiet.order({product_id: 2}, key, totalAmount=20))


@pytest.mark.parametrize("stock", [5, 1])
def test_of_20_requests_at_once_with_one_key_one_is_done(
    quiet_api: str, quiet: Client, product: Product, key: str, stock: int
) -> None:
    product_id = product(stock)

    def ask() -> requests.Response:
        again = Client(quiet_api)  # a connection of its own
        again.tokens = quiet.tokens
        return again.order({product_id: 2}, key)

    answers = together([ask] * 20)
    for answer in answers:
        if answer.status_code == 409 and answer.json()["code"] == "request_in_progress":
            expect_problem(answer, 409, "request_in_progress")
    decided = [a for a in answers if a.json().get("code") != "request_in_progress"]
    assert len({answer.content for answer in decided}) == 1
    assert {answer.status_code for answer in decided} == {201 if stock == 5 else 409}
    assert Counter("Idempotent-Replayed" in answer.headers for answer in decided)[False] == 1
    assert orders().count_documents({"idempotency.id": f"{quiet.user_id}:{key}"}) == 1
    assert quiet.get(f"/api/inventory/{product_id}").json()["stock"] == (3 if stock == 5 else 1)


@pytest.mark.parametrize("key", ["!", "~" * 255, '"quoted"', "8e03978e-40d5-43dd-bc93-6894a57f9324"])
def test_a_key_is_any_visible_ascii(quiet: Client, product: Product, key: str) -> None:
    product_id = product(5)
    first = quiet.order({product_id: 1}, key)
    expect_replay(first, quiet.order({product_id: 1}, key))


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "tab\tbed", "caf\u00e9", "\u00a0"])
def test_a_key_of_anything_else_is_refused(quiet: Client, product: Product, key: str) -> None:
    product_id = product(5)
    body = {"items": [{"productId": product_id, "quantity": 1}]}
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answer = quiet.post("/api/orders", body, headers=headers)
    problem = expect_problem(answer, 400, "validation_error")
    assert [row["field"] for row in problem["errors"]] == ["Idempotency-Key"]
    assert quiet.get(f"/api/inventory/{product_id}").json()["stock"] == 5


def test_without_a_key_each_request_is_an_order_of_its_own(quiet: Client, product: Product) -> None:
    product_id = product(5)
    answers = [quiet.order({product_id: 1}) for _ in range(2)]
    assert answers[0].json()["orderId"] != answers[1].json()["orderId"]
