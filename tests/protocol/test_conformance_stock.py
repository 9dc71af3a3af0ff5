"""What the inventory asks of MongoDB, said to pymongo directly: `MONGO_URI=... make test` checks another one.

Each test is one kind of update or filter of models/inventory.py and models/reservations.py.
"""

from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from bson import Decimal128
from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database

from tests.support.together import together

Stock = Collection[dict[str, Any]]
A = {"orderId": "a", "holdId": "1", "quantity": 2}
B = {"orderId": "b", "holdId": "2", "quantity": 3}


@pytest.fixture
def stock(database: Database[dict[str, Any]]) -> Stock:
    collection = database[f"stock_{uuid4().hex[:8]}"]
    collection.create_index([("productId", 1)], unique=True)
    return collection


def hold(product_id: str, order_id: str, quantity: int) -> UpdateOne:
    return UpdateOne(
        {
            "productId": product_id,
            "stock": {"$gte": quantity},
            "holds.orderId": {"$ne": order_id},
            "holds.4999": {"$exists": False},
        },
        {"$inc": {"stock": -quantity}, "$push": {"holds": {**A, "orderId": order_id, "quantity": quantity}}},
    )


def test_an_unordered_bulk_counts_what_it_modified(stock: Stock) -> None:
    stock.insert_many([{"productId": "x", "stock": 5}, {"productId": "y", "stock": 1}])
    result = stock.bulk_write([hold("none", "a", 1), hold("y", "a", 2), hold("x", "a", 2)], ordered=False)
    assert (result.matched_count, result.modified_count) == (1, 1)
    assert stock.find_one({"productId": "x"}, {"_id": 0}) == {"productId": "x", "stock": 3, "holds": [A]}
    assert stock.find_one({"productId": "y"}, {"_id": 0}) == {"productId": "y", "stock": 1}


@pytest.mark.parametrize(
    ("holds", "matches"),
    [(None, True), ([], True), ([B], True), ([A], False), ([B, A], False), ([A, B], False)],
)
def test_ne_on_a_field_of_an_array_means_no_element_has_it(
    stock: Stock, holds: list[dict[str, Any]] | None, matches: bool
) -> None:
    stock.insert_one({"productId": "x", "stock": 5} | ({} if holds is None else {"holds": holds}))
    assert stock.count_documents({"productId": "x", "holds.orderId": {"$ne": "a"}}) == matches
    assert stock.bulk_write([hold("x", "a", 1)], ordered=False).modified_count == matches


@pytest.mark.parametrize(("open_holds", "room"), [(4998, True), (4999, True), (5000, False)])
def test_an_array_can_be_kept_below_5000_elements(stock: Stock, open_holds: int, room: bool) -> None:
    crowd = [{"orderId": str(number)} for number in range(open_holds)]
    stock.insert_one({"productId": "x", "stock": 5, "holds": crowd})
    assert stock.bulk_write([hold("x", "a", 1)], ordered=False).modified_count == room


def test_stock_never_falls_below_zero_however_many_reserve_at_once(stock: Stock) -> None:
    stock.insert_one({"productId": "x", "stock": 5})

    def reserve(number: int) -> int:
        return stock.bulk_write([hold("x", str(number), 1)], ordered=False).modified_count

    assert sum(together([partial(reserve, number) for number in range(16)])) == 5
    (product,) = stock.find()
    assert (product["stock"], len(product["holds"])) == (0, 5)


def test_a_projection_with_elem_match_shows_the_own_hold_alone(stock: Stock) -> None:
    stock.insert_many([{"productId": "x", "stock": 5, "holds": [B, A]}, {"productId": "y", "stock": 1}])
    shown = {"_id": 0, "productId": 1, "stock": 1, "holds": {"$elemMatch": {"orderId": "a"}}}
    found = stock.find({"productId": {"$in": ["x", "y", "z"]}}, shown).sort("productId", 1)
    assert list(found) == [{"productId": "x", "stock": 5, "holds": [A]}, {"productId": "y", "stock": 1}]


def end_hold(what: dict[str, str], to: str, quantity: int) -> UpdateOne:
    return UpdateOne(
        {"productId": "x", "holds": {"$elemMatch": what}}, {"$pull": {"holds": what}, "$inc": {to: quantity}}
    )


@pytest.mark.parametrize(
    ("what", "left"),
    [
        ({"orderId": "a"}, [B]),
        ({"orderId": "a", "holdId": "1"}, [B]),
        ({"orderId": "a", "holdId": "2"}, [A, B]),  # not both in one element
        ({"orderId": "c"}, [A, B]),
    ],
)
def test_a_hold_is_pulled_by_its_order_and_id_together_and_only_once(
    stock: Stock, what: dict[str, str], left: list[dict[str, Any]]
) -> None:
    stock.insert_one({"productId": "x", "stock": 5, "holds": [A, B]})
    counts = [stock.bulk_write([end_hold(what, "sold", 2)]).modified_count for _ in range(2)]
    assert counts == [int(left == [B]), 0]
    (product,) = stock.find()
    assert product["holds"] == left
    assert product.get("sold", 0) == (2 if left == [B] else 0)


QUANTITY = "$$this.quantity"
WHOLE = {"$and": [{"$gte": [QUANTITY, 0]}, {"$eq": [QUANTITY, {"$floor": QUANTITY}]}]}
IS_HOLD = {"$cond": [{"$isNumber": QUANTITY}, WHOLE, False]}
HOLDS = {"$filter": {"input": {"$cond": [{"$isArray": "$holds"}, "$holds", []]}, "cond": IS_HOLD}}
HELD = {"$sum": {"$map": {"input": HOLDS, "in": QUANTITY}}}
SOLD = {"$cond": [{"$isNumber": "$sold"}, "$sold", 0]}


def set_stock(stock: Stock, level: int, price: Any) -> Any:
    grown = {"$add": ["$received", {"$subtract": [level, "$stock"]}]}
    fields = {
        "received": {"$cond": [{"$isNumber": "$received"}, grown, {"$add": [level, SOLD, HELD]}]},
        "stock": level,
        "createdAt": {"$ifNull": ["$createdAt", "then"]},
        "price": price,
    }
    return stock.update_one({"productId": "x"}, [{"$set": fields}], upsert=True).upserted_id


def test_a_pipeline_update_makes_what_is_missing(stock: Stock) -> None:
    assert set_stock(stock, 5, 9.99) is not None
    made = {"productId": "x", "stock": 5, "received": 5, "createdAt": "then", "price": 9.99}
    assert stock.find_one({}, {"_id": 0}) == made
    assert set_stock(stock, 7, "$$REMOVE") is None
    assert stock.find_one({}, {"_id": 0}) == {
        "productId": "x",
        "stock": 7,
        "received": 7,
        "createdAt": "then",
    }


def test_a_pipeline_update_reads_the_old_values_of_the_document(stock: Stock) -> None:
    """All expressions of one `$set` see the document as it was before."""
    stock.insert_one({"productId": "x", "stock": 4, "sold": 1, "holds": [A, B]})
    assert set_stock(stock, 10, 1) is None
    assert stock.find_one({}, {"received": 1, "_id": 0}) == {"received": 10 + 1 + 5}


def test_what_was_never_counted_is_counted_once(stock: Stock) -> None:
    stock.insert_many(
        [
            {"productId": "x", "stock": 4, "holds": [A, "odd", {"quantity": "odd"}, {"quantity": 1.5}]},
            {"productId": "y", "stock": 4, "received": 9, "holds": [A]},
            {"productId": "z", "stock": "odd"},
        ]
    )
    wanted = {"received": None, "$expr": {"$isNumber": "$stock"}}
    update = [{"$set": {"received": {"$add": ["$stock", SOLD, HELD]}}}]
    assert [stock.update_many(wanted, update).modified_count for _ in range(2)] == [1, 0]
    assert [product.get("received") for product in stock.find().sort("productId", 1)] == [4 + 2, 9, None]


def test_what_is_odd_is_taken_away_and_what_is_right_stays(stock: Stock) -> None:
    """`$$REMOVE` deep in a condition, `$round` on doubles and decimals."""
    right = {"$eq": ["$price", {"$round": ["$price", 2]}]}
    price = {"$cond": [{"$cond": [{"$isNumber": "$price"}, right, False]}, "$price", "$$REMOVE"]}
    prices = [19.99, 0.07, 8, Decimal128("19.99"), 1.234, Decimal128("1.234"), "9", None]
    stock.insert_many([{"productId": str(place), "price": value} for place, value in enumerate(prices)])
    stock.update_many({}, [{"$set": {"price": price}}])
    left = [product.get("price", "gone") for product in stock.find().sort("productId", 1)]
    assert left == [*prices[:4], *["gone"] * 4]


def test_of_holds_one_entry_is_read_or_what_stands_there_instead(stock: Stock) -> None:
    holds: list[Any] = [[A, B], [], "text", None]
    stock.insert_many([{"productId": str(place), "holds": value} for place, value in enumerate(holds)])
    found = stock.find({}, {"holds": {"$slice": 1}}).sort("productId", 1)
    assert [product["holds"] for product in found] == [[A], [], "text", None]


def test_a_product_is_found_by_the_age_of_any_of_its_holds(stock: Stock) -> None:
    stock.insert_many(
        [
            {"productId": "x", "holds": [{"at": 9}, {"at": 1}]},
            {"productId": "y", "holds": [{"at": 9}]},
            {"productId": "z"},
        ]
    )
    assert [product["productId"] for product in stock.find({"holds.at": {"$lt": 5}})] == ["x"]
