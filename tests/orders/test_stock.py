"""Too little stock: what is short, and what could be ordered instead."""

from collections.abc import Callable

import pytest

from tests.support.client import Client, expect_problem

Product = Callable[..., str]


def lines(*of: tuple[str, int]) -> list[dict[str, object]]:
    return [{"productId": product_id, "quantity": quantity} for product_id, quantity in of]


def test_what_is_short_is_told_with_what_there_is(quiet: Client, product: Product) -> None:
    plenty, few, none = product(5), product(1), product(0)
    problem = expect_problem(quiet.order({plenty: 2, few: 3, none: 4}), 409, "out_of_stock")
    assert sorted(problem["shortages"], key=lambda row: row["requested"]) == [
        {"productId": few, "requested": 3, "available": 1},
        {"productId": none, "requested": 4, "available": 0},
    ]
    (remedy,) = problem["remedies"]
    assert remedy == {"items": lines(*sorted([(plenty, 2), (few, 1)]))}
    stocks = [quiet.get(f"/api/inventory/{p}").json()["stock"] for p in (plenty, few, none)]
    assert stocks == [5, 1, 0]


def test_a_remedy_can_be_sent_as_it_is(quiet: Client, product: Product) -> None:
    items = {product(5): 2, product(1): 3, product(0): 4}
    (remedy,) = quiet.order(items).json()["remedies"]
    answer = quiet.post("/api/orders", remedy)
    assert answer.status_code == 201
    assert answer.json()["items"] == [{**line, "unitPrice": 10} for line in remedy["items"]]


def test_where_nothing_is_left_there_is_no_remedy(quiet: Client, product: Product) -> None:
    problem = expect_problem(quiet.order({product(0): 1, product(0): 2}), 409, "out_of_stock")
    assert problem["remedies"] == []


def test_a_remedy_above_1000_pieces_is_cut_into_lines_that_can_be_sent(
    quiet: Client, product: Product
) -> None:
    product_id = product(2500)
    body = {"items": lines((product_id, 1000), (product_id, 1000), (product_id, 1000))}
    problem = expect_problem(quiet.post("/api/orders", body), 409, "out_of_stock")
    assert problem["shortages"] == [{"productId": product_id, "requested": 3000, "available": 2500}]
    (remedy,) = problem["remedies"]
    assert remedy["items"] == lines((product_id, 1000), (product_id, 1000), (product_id, 500))
    answer = quiet.post("/api/orders", remedy)
    assert answer.status_code == 201
    assert answer.json()["items"][0]["quantity"] == 2500


@pytest.mark.parametrize("prices", [(None, None), (10, None)])
def test_a_remedy_without_prices_carries_the_total_that_it_needs(
    quiet: Client, product: Product, prices: tuple[float | None, float | None]
) -> None:
    items = {product(1, prices[0]): 2, product(1, prices[1]): 2}
    problem = expect_problem(quiet.order(items, totalAmount=8.5), 409, "out_of_stock")
    (remedy,) = problem["remedies"]
    assert remedy["totalAmount"] == 8.5
    assert quiet.post("/api/orders", remedy).status_code == 201


def test_a_remedy_of_priced_products_alone_carries_no_total(quiet: Client, product: Product) -> None:
    """The one without a price is sold out, and the rest has a total of its own."""
    items = {product(1, 10): 2, product(0, None): 2}
    (remedy,) = expect_problem(quiet.order(items, totalAmount=99), 409, "out_of_stock")["remedies"]
    assert "totalAmount" not in remedy
    answer = quiet.post("/api/orders", remedy)
    assert (answer.status_code, answer.json()["totalAmount"]) == (201, 10)


def test_the_last_piece_is_sold_once(quiet: Client, product: Product) -> None:
    product_id = product(1)
    assert quiet.order({product_id: 1}).status_code == 201
    problem = expect_problem(quiet.order({product_id: 1}), 409, "out_of_stock")
    assert problem["shortages"][0]["available"] == 0
    assert not quiet.get(f"/api/inventory/{product_id}").json()["inStock"]
