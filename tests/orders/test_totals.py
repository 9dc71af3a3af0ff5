"""What an order costs: the prices decide where there are prices, the client where there are none."""

from collections.abc import Callable

import pytest

from models import inventory
from tests.support.client import Client, expect_problem

Product = Callable[..., str]


@pytest.mark.parametrize(
    ("prices", "total"),
    [
        ([(0.1, 3)], 0.3),  # 0.30000000000000004 in binary
        ([(0.1, 1), (0.2, 1)], 0.3),
        ([(19.99, 100)], 1999),
        ([(1.1, 1000), (2.2, 1000)], 3300),
        ([(0, 5)], 0),
        ([(999_999_999.99, 1000)], 999_999_999_990),
    ],
)
def test_the_total_is_exact_to_the_cent(
    quiet: Client, product: Product, prices: list[tuple[float, int]], total: float
) -> None:
    items = {product(1000, price): quantity for price, quantity in prices}
    answer = quiet.order(items)
    assert answer.json()["totalAmount"] == total
    assert f'"totalAmount":{total},' in answer.text, "20 is written 20, and not 20.0"


@pytest.mark.parametrize("claimed", [20, 20.0])
def test_a_claimed_total_that_is_right_is_accepted(quiet: Client, product: Product, claimed: float) -> None:
    answer = quiet.order({product(5, 10): 2}, totalAmount=claimed)
    assert answer.status_code == 201
    assert answer.json()["totalAmount"] == 20


@pytest.mark.parametrize("claimed", [0, 19.99, 20.01, 1e9])
def test_a_claimed_total_that_is_wrong_is_refused_with_the_right_one(
    quiet: Client, product: Product, claimed: float
) -> None:
    product_id = product(5, 10)
    problem = expect_problem(quiet.order({product_id: 2}, totalAmount=claimed), 422, "total_mismatch")
    assert problem["expectedTotal"] == 20
    assert quiet.get(f"/api/inventory/{product_id}").json()["stock"] == 5
    assert quiet.order({product_id: 2}, totalAmount=problem["expectedTotal"]).status_code == 201


def test_where_a_price_is_unknown_the_total_is_required_and_kept(quiet: Client, product: Product) -> None:
    items = {product(5, 10): 1, product(5, None): 2}
    problem = expect_problem(quiet.order(items), 400, "validation_error")
    assert [row["field"] for row in problem["errors"]] == ["totalAmount"]
    answer = quiet.order(items, totalAmount=12.34)
    assert answer.status_code == 201
    order = answer.json()
    assert order["totalAmount"] == 12.34
    assert {item["productId"]: item.get("unitPrice") for item in order["items"]} == dict(
        zip(items, [10, None], strict=True)
    )


def test_an_order_keeps_the_price_that_it_was_placed_at(quiet: Client, product: Product) -> None:
    product_id = product(5, 10)
    order = quiet.order({product_id: 2}).json()
    inventory.set_stock(product_id, stock=3, price=12)
    assert quiet.get(f"/api/orders/{order['orderId']}").json() == order
    assert quiet.order({product_id: 1}).json()["totalAmount"] == 12
