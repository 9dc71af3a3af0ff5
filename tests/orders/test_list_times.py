"""GET /api/orders?createdAfter=&createdBefore=: the orders of a span of time, found by the index."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from bson import ObjectId
from flask import Flask

from models import order_lists
from models.order_lists import Wanted
from tests.orders.test_list import walk
from tests.support.client import Client, expect_problem
from tests.support.collections import orders
from tests.support.node_app import node_order
from utils.clock import to_iso

Place = Callable[..., dict[str, Any]]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def made_at(user_id: str, moment: datetime, seconds_after_id: int = 0, **fields: Any) -> str:
    """An order as mongoose wrote it, at that moment. Returns its `_id`."""
    first = int(moment.timestamp()) - seconds_after_id
    order_id = ObjectId(first.to_bytes(4) + ObjectId().binary[4:])
    order = node_order(user_id, _id=order_id, createdAt=moment, updatedAt=moment, **fields)
    orders().insert_one(order)
    return str(order_id)


def listed(client: Client, query: str) -> list[str]:
    answer = client.get(f"/api/orders?{query}")
    assert answer.status_code == 200, answer.text
    return [order["_id"] for order in answer.json()["data"]]


@pytest.fixture
def hourly(quiet: Client, app: Flask) -> list[str]:
    """Orders of 11, 12, 13 and 14 o'clock, the newest first."""
    return [made_at(quiet.user_id, NOON + timedelta(hours=hours)) for hours in (2, 1, 0, -1)]


def test_after_is_inclusive_and_before_is_not(quiet: Client, hourly: list[str]) -> None:
    two, one, noon, eleven = hourly

    assert listed(quiet, "createdAfter=2026-11-23T12:00:00Z") == [two, one, noon]
    assert listed(quiet, "createdBefore=2026-11-23T12:00:00Z") == [eleven]
    assert listed(quiet, "createdAfter=2026-11-23T12:00:00Z&createdBefore=2026-11-23T14:00:00Z") == [
        one,
        noon,
    ]
    assert listed(quiet, "createdAfter=2026-11-23T14:00:00Z&createdBefore=2026-11-23T12:00:00Z") == []


def test_a_millisecond_decides(quiet: Client, app: Flask) -> None:
    order_id = made_at(quiet.user_id, NOON + timedelta(milliseconds=65))

    for after, found in (("065", True), ("066", False), ("0650", True), ("0650001", True), ("0651", False)):
        assert listed(quiet, f"createdAfter=2026-11-23T12:00:00.{after}Z") == [order_id] * found, after
    for before, found in (("065", False), ("066", True), ("0651", True)):
        assert listed(quiet, f"createdBefore=2026-11-23T12:00:00.{before}Z") == [order_id] * found, before


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-23T13:00:00+01:00",
        "2026-11-23T04:30:00-07:30",
        "2026-11-23t12:00:00z",
        "2026-11-23T12:00:00.000000000Z",
        "2026-11-23T12:00:00-00:00",
    ],
)
def test_one_moment_may_be_written_in_many_ways(quiet: Client, hourly: list[str], written: str) -> None:
    assert listed(quiet, f"createdBefore={quote(written)}") == hourly[3:]
    assert listed(quiet, f"createdAfter={quote(written)}") == hourly[:3]


def test_an_order_placed_here_is_found_by_the_time_that_it_was_answered_with(
    quiet: Client, place: Place
) -> None:
    first, second = place(), place()

    assert second["_id"] in listed(quiet, f"createdAfter={second['createdAt']}")
    before_second = listed(quiet, f"createdBefore={second['createdAt']}")
    assert second["_id"] not in before_second
    assert (first["_id"] in before_second) == (first["createdAt"] < second["createdAt"])


def test_times_go_with_a_status_a_limit_and_a_cursor(quiet: Client, app: Flask) -> None:
    made = [
        made_at(quiet.user_id, NOON + timedelta(minutes=minute), status=("Processed", "Failed")[minute % 2])
        for minute in range(12)
    ]
    span = "createdAfter=2026-11-23T12:01:00Z&createdBefore=2026-11-23T12:11:00Z&status=Failed"

    pages = [[order["_id"] for order in page] for page in walk(quiet, f"{span}&limit=2")]

    assert pages == [[made[9], made[7]], [made[5], made[3]], [made[1]]]


def test_an_order_that_was_long_in_the_making_is_found_too(quiet: Client, app: Flask) -> None:
    """mongoose makes the `_id` first, and sets `createdAt` when the order is saved."""
    order_id = made_at(quiet.user_id, NOON, seconds_after_id=600)

    assert listed(quiet, "createdAfter=2026-11-23T12:00:00Z") == [order_id]


def test_only_that_part_of_the_index_is_read(app: Flask) -> None:
    user_id = ObjectId()
    for day in range(50):
        made_at(str(user_id), NOON + timedelta(days=day))
    one_day = Wanted(None, NOON + timedelta(days=20), NOON + timedelta(days=21))

    asked = order_lists.page_filter(user_id, one_day, None)

    # What the index alone tells apart: SecantusDB's plans use none where a field beside it is asked for.
    of_index = {name: asked[name] for name in ("userId", "_id")}
    plan = str(orders().find(of_index).explain()["queryPlanner"]["winningPlan"])
    assert "'keyPattern': {'userId': 1, '_id': 1}" in plan
    assert orders().count_documents(of_index) == 2
    assert orders().count_documents(asked) == 1


@pytest.mark.parametrize("name", ["createdAfter", "createdBefore"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "2026-11-23",
        "2026-11-23T02:44:05",  # of which place?
        "2026-11-23T02:44Z",
        "2026-11-23 02:44:05Z",
        "2026-11-23T02:44:05 01:00",  # a + that was not escaped
        "20261123T024405Z",
        "2026-W48-1T02:44:05Z",
        "2026-13-23T02:44:05Z",
        "2026-11-23T25:44:05Z",
        "2026-11-23T02:44:60Z",
        "2026-11-23T02:44:05%2B24:00",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999Z",
        "1790000000",
        "%D9%A2026-11-23T02:44:05Z",
    ],
)
def test_what_is_no_time_is_a_400_that_says_what_to_send(user: Client, name: str, value: str) -> None:
    problem = expect_problem(user.get(f"/api/orders?{name}={value}"), 400, "validation_error")

    (row,) = problem["errors"]
    assert row["field"] == name
    assert "2026-11-23T02:44:05Z" in row["message"] and "%2B" in row["message"]


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00Z", "1969-07-20T20:17:40Z", "2200-01-01T00:00:00Z"])
def test_any_time_may_be_asked_for(quiet: Client, place: Place, value: str) -> None:
    order_id = place()["_id"]
    past = value < to_iso(NOON)

    assert listed(quiet, f"createdAfter={value}") == [order_id] * past
    assert listed(quiet, f"createdBefore={value}") == [order_id] * (not past)
