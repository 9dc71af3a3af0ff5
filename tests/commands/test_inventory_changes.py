"""`flask inventory set` and `show`: what they change, what they print, and odd documents."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bson import ObjectId
from bson.decimal128 import Decimal128

from tests.commands.conftest import Run
from tests.support.collections import inventories

Product = Callable[..., str]


def _stored(product_id: str) -> dict[str, Any]:
    found: dict[str, Any] | None = inventories().find_one({"productId": product_id})
    assert found is not None
    return found


def test_units_are_added_and_taken_away(run: Run, product: Product) -> None:
    name = product(5, price=2)

    assert run("inventory", "set", name, "--add", "4").output == f"Set {name}: stock 9, price 2.00.\n"
    assert run("inventory", "set", name, "--add", "-3").output == f"Set {name}: stock 6, price 2.00.\n"
    assert run("inventory", "set", name, "--add=-6").output == f"Set {name}: stock 0, price 2.00.\n"
    assert (_stored(name)["stock"], _stored(name)["received"]) == (0, 0)


def test_no_more_is_taken_away_than_is_free_to_sell(run: Run, product: Product) -> None:
    name = product(2)

    result = run("inventory", "set", name, "--add", "-3", "--price", "7")

    assert result.exit_code == 1
    assert "2 are free to sell" in result.output
    assert (_stored(name)["stock"], _stored(name)["price"]) == (2, 10)


def test_a_price_alone_leaves_the_stock(run: Run, product: Product) -> None:
    name = product(5)

    assert run("inventory", "set", name, "--price", "3.5").output == f"Set {name}: stock 5, price 3.50.\n"


def test_the_result_as_json_is_the_document(run: Run, product: Product) -> None:
    name = product(5)

    answer = json.loads(run("inventory", "set", name, "--add", "1", "--json").output)

    assert (answer["productId"], answer["stock"], answer["price"], answer["received"]) == (name, 6, 10, 6)
    assert answer == json.loads(run("inventory", "show", name, "--json").output)


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ([], "Give --stock, --add or --price."),
        (["--stock", "1", "--add", "1"], "not both"),
        (["--add", "many"], "'many' is not a valid integer"),
        (["--price", "-1"], "--price: Must be from 0"),
        (["--price", "nan"], "--price: Must be from 0"),
        (["--add", "-1000000001"], "--add: Must be greater than or equal to -1000000000"),
    ],
)
def test_what_makes_no_sense_is_a_fault_of_usage(
    run: Run, product: Product, options: list[str], advice: str
) -> None:
    name = product(5)

    result = run("inventory", "set", name, *options)

    assert result.exit_code == 2
    assert advice in result.output
    assert _stored(name)["stock"] == 5


@pytest.mark.parametrize("options", [["--add", "1"], ["--price", "1"]])
def test_only_a_stock_makes_a_product(run: Run, options: list[str]) -> None:
    result = run("inventory", "set", "no-such-product", *options)

    assert result.exit_code == 1
    assert (
        "There is no product no-such-product. `flask inventory set no-such-product --stock N`"
        in result.output
    )


@pytest.fixture
def odd(app: object) -> Iterator[list[dict[str, Any]]]:
    """Products as no schema lets them in, for as long as the test takes."""
    documents: list[dict[str, Any]] = [
        {"productId": f"o-{ObjectId()}", "price": Decimal128("1.50")},
        {"productId": f"o-{ObjectId()}", "stock": "many", "price": "cheap", "updatedAt": "yesterday"},
        {"productId": f"o-{ObjectId()}\x1b[31m", "stock": None, "price": [1, {"a": True}]},
        {"name": "no id at all", "productId": None},
    ]
    inventories().insert_many(documents)
    yield documents
    inventories().delete_many({"_id": {"$in": [one["_id"] for one in documents]}})


def test_odd_products_are_shown_as_they_are(run: Run, odd: list[dict[str, Any]]) -> None:
    result = run("inventory", "show")

    assert result.exit_code == 0
    lines = {line.split()[0]: line.split()[1:] for line in result.output.splitlines()}
    assert lines[odd[0]["productId"]][:3] == ["-", "-", "1.50"]
    assert lines[odd[1]["productId"]] == ["many", "-", "cheap", "yesterday"]
    assert lines[odd[2]["productId"].replace("\x1b", r"\x1b")][:3] == ["-", "-", '[1,{"a":true}]']
    shown = [json.loads(line) for line in run("inventory", "show", "--json").output.splitlines()]
    assert {str(one["_id"]) for one in odd} <= {one["_id"] for one in shown}


def test_a_product_whose_stock_is_no_number_is_not_changed_but_told_of(
    run: Run, odd: list[dict[str, Any]]
) -> None:
    for change in (["--add", "1"], ["--price", "1"]):
        result = run("inventory", "set", odd[1]["productId"], *change)

        assert result.exit_code == 1
        assert "is many, no number. Set it: --stock N." in result.output
