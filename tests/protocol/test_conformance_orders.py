"""What the orders ask of MongoDB, said to pymongo directly: `MONGO_URI=... make test` checks another one.

Each test is one kind of update, filter or index of models/order*.py.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from bson import Int64, ObjectId
from pymongo import WriteConcern
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from tests.support.together import together

Orders = Collection[dict[str, Any]]
NOW = datetime(2026, 11, 23, 2, 44, 5, 65_000, tzinfo=UTC)
LATER = NOW + timedelta(milliseconds=1)


@pytest.fixture
def orders(database: Database[dict[str, Any]]) -> Orders:
    return database[f"orders_{uuid4().hex[:8]}"]


def test_a_sparse_unique_index_on_a_nested_field_lets_documents_without_it_in(orders: Orders) -> None:
    orders.create_index([("idempotency.id", 1)], unique=True, sparse=True)
    orders.insert_many([{}, {}, {"idempotency": {"id": "k"}}])
    with pytest.raises(DuplicateKeyError):
        orders.insert_one({"idempotency": {"id": "k"}})
    assert orders.count_documents({}) == 3


def test_a_key_that_is_unset_is_free_at_once(orders: Orders) -> None:
    orders.create_index([("idempotency.id", 1)], unique=True, sparse=True)
    first = orders.insert_one({"idempotency": {"id": "k"}, "status": "Pending"}).inserted_id
    update = {"$set": {"status": "Failed"}, "$unset": {"idempotency": ""}}
    assert orders.update_one({"_id": first, "status": "Pending"}, update).matched_count == 1
    orders.insert_one({"idempotency": {"id": "k"}})
    assert orders.count_documents({"idempotency.id": "k"}) == 1


def test_of_many_inserts_with_one_key_exactly_one_is_taken(orders: Orders) -> None:
    orders.create_index([("idempotency.id", 1)], unique=True, sparse=True)

    def insert() -> bool:
        try:
            orders.insert_one({"idempotency": {"id": "k"}})
        except DuplicateKeyError:
            return False
        return True

    assert sum(together([insert] * 16)) == 1


def test_an_update_changes_everything_or_nothing(orders: Orders) -> None:
    order_id = orders.insert_one({"status": "Pending", "accepted": False, "nextActionAt": 1}).inserted_id
    update = {
        "$set": {"status": "Failed", "mail": {"state": "due", "attempts": 0}},
        "$unset": {"nextActionAt": ""},
        "$push": {"history": {"event": "failed"}},
    }
    before = orders.find_one()
    wrong = orders.update_one({"_id": order_id, "status": "Pending", "accepted": {"$ne": False}}, update)
    assert (wrong.matched_count, orders.find_one()) == (0, before)
    right = orders.update_one({"_id": order_id, "status": "Pending", "accepted": False}, update)
    assert right.matched_count == 1
    assert orders.find_one() == {
        "_id": order_id,
        "status": "Failed",
        "accepted": False,
        "mail": {"state": "due", "attempts": 0},
        "history": [{"event": "failed"}],
    }


def test_of_many_compare_and_sets_exactly_one_wins(orders: Orders) -> None:
    orders.create_index([("nextActionAt", 1)], sparse=True)
    order_id = orders.insert_one({"nextActionAt": NOW}).inserted_id

    def claim(number: int) -> int:
        later = NOW + timedelta(seconds=number + 1)
        seen = {"_id": order_id, "nextActionAt": NOW}
        return orders.update_one(seen, {"$set": {"nextActionAt": later}}).matched_count

    assert sum(together([partial(claim, number) for number in range(16)])) == 1


@pytest.mark.parametrize(
    ("order", "wanted", "matches"),
    [
        ({}, {"accepted": {"$ne": False}}, True),
        ({"accepted": True}, {"accepted": {"$ne": False}}, True),
        ({"accepted": False}, {"accepted": {"$ne": False}}, False),
        ({}, {"settled": {"$ne": True}}, True),
        ({"settled": True}, {"settled": {"$ne": True}}, False),
        ({}, {"attempts": {"$exists": False}}, True),
        ({"attempts": 0}, {"attempts": {"$exists": False}}, False),
        ({"attempts": 1}, {"attempts": 1}, True),
        ({"attempts": 1.0}, {"attempts": 1}, True),  # as a number of JavaScript's
        ({"nextActionAt": NOW}, {"nextActionAt": {"$exists": False}}, False),
        ({"mail": {"state": "claimed", "token": "t"}}, {"mail.state": "claimed", "mail.token": "t"}, True),
        ({"mail": {"state": "claimed", "token": "t"}}, {"mail.state": "claimed", "mail.token": "u"}, False),
        ({"mail": {"state": "due", "attempts": 2}}, {"mail.state": "due", "mail.attempts": 1}, False),
        ({}, {"step.until": {"$not": {"$gt": NOW}}}, True),
        ({"step": {"until": NOW}}, {"step.until": {"$not": {"$gt": NOW}}}, True),
        ({"step": {"until": LATER}}, {"step.until": {"$not": {"$gt": NOW}}}, False),
        ({"status": "Pending"}, {"$or": [{"status": "Pending"}, {"undoOwed": {"$exists": True}}]}, True),
        ({"undoOwed": True}, {"$nor": [{"status": "Pending"}, {"undoOwed": {"$exists": True}}]}, False),
        ({"status": "Failed"}, {"$nor": [{"status": "Pending"}, {"undoOwed": {"$exists": True}}]}, True),
        ({"userId": "a", "status": "Pending"}, {"userId": "a", "accepted": {"$ne": False}}, True),
    ],
)
def test_a_filter_means_what_it_says(
    orders: Orders, order: dict[str, Any], wanted: dict[str, Any], matches: bool
) -> None:
    order_id = orders.insert_one(order).inserted_id
    result = orders.update_one({"_id": order_id, **wanted}, {"$set": {"seen": True}})
    assert result.matched_count == matches
    assert orders.count_documents(wanted) == matches


def test_due_orders_come_in_order_up_to_a_limit_through_a_sparse_index(orders: Orders) -> None:
    orders.create_index([("nextActionAt", 1)], sparse=True)
    minutes = [3, 1, 60, 2, 4]
    orders.insert_many([{"m": m, "nextActionAt": NOW + timedelta(minutes=m)} for m in minutes])
    orders.insert_many([{"m": 0} for _ in range(20)])
    wanted = {"nextActionAt": {"$lte": NOW + timedelta(minutes=10)}}
    assert [o["m"] for o in orders.find(wanted).sort("nextActionAt", 1).limit(3)] == [1, 2, 3]
    assert [o["m"] for o in orders.find(wanted).sort("nextActionAt", 1).limit(100)] == [1, 2, 3, 4]
    orders.update_many({"m": 2}, {"$unset": {"nextActionAt": ""}})
    assert [o["m"] for o in orders.find(wanted).sort("nextActionAt", 1)] == [1, 3, 4]
    plan = orders.find(wanted).sort("nextActionAt", 1).limit(3).explain()
    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])


def test_a_page_of_a_user_is_sorted_newest_first_and_goes_on_where_it_ended(orders: Orders) -> None:
    orders.create_index([("userId", 1), ("_id", 1)])
    ids = sorted(ObjectId() for _ in range(6))
    orders.insert_many([{"_id": i, "userId": "me", "accepted": i != ids[3]} for i in ids])
    orders.insert_one({"userId": "other"})
    wanted: dict[str, Any] = {"userId": "me", "accepted": {"$ne": False}}
    first = [o["_id"] for o in orders.find(wanted).sort("_id", -1).limit(2)]
    assert first == [ids[5], ids[4]]
    older = {**wanted, "_id": {"$lt": first[-1]}}
    assert [o["_id"] for o in orders.find(older).sort("_id", -1).limit(9)] == [ids[2], ids[1], ids[0]]


def test_a_ttl_index_is_kept_as_it_was_asked_for(orders: Orders) -> None:
    name = orders.create_index([("purgeAt", 1)], expireAfterSeconds=0)
    assert orders.index_information()[name]["expireAfterSeconds"] == 0
    assert orders.create_index([("purgeAt", 1)], expireAfterSeconds=0) == name  # again, for `indexes create`


def test_a_majority_acknowledges_and_the_journal_has_it(orders: Orders) -> None:
    safe = orders.with_options(write_concern=WriteConcern(w="majority", j=True))
    assert safe.insert_one({"x": 1}).acknowledged
    assert safe.update_one({"x": 1}, {"$set": {"x": 2}}).acknowledged


def test_values_come_back_as_they_were_written(orders: Orders) -> None:
    """A replayed answer must be equal to the first one, byte by byte."""
    written = {
        "whole": 20,
        "cents": 19.99,
        "large": Int64(2**53 + 1),
        "at": NOW,
        "list": [],
        "text": "ü\u2028",
    }
    order_id = orders.insert_one(dict(written)).inserted_id
    found = orders.find_one({"_id": order_id}, {"_id": 0})
    assert found == written
    assert {name: type(value) for name, value in (found or {}).items()} == {
        name: type(value) for name, value in written.items()
    }
