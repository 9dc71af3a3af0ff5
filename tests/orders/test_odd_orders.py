"""An order that another program left half written costs nobody but its owner, and him no more than itself."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import Decimal128
from flask import Flask

from tests.orders.test_list import walk
from tests.support.client import Client, expect_problem
from tests.support.collections import orders
from tests.support.node_app import node_order
from tests.support.odd_orders import NOT_SHOWN, SECRET, SHOWN, damaged

Place = Callable[..., dict[str, Any]]
Document = dict[str, Any]


@pytest.fixture
def write(app: Flask) -> Iterator[Callable[[Document], Document]]:
    """Writes an order as another program does: gone after the test, as only one may be without an orderId."""
    written: list[Any] = []

    def insert(order: Document) -> Document:
        written.append(orders().insert_one(order).inserted_id)
        return order

    yield insert
    orders().delete_many({"_id": {"$in": written}})


@pytest.mark.parametrize("how", NOT_SHOWN)
def test_an_odd_order_is_left_out_of_lists_and_alone_it_is_a_404(
    quiet: Client, place: Place, write: Callable[[Document], Document], how: str
) -> None:
    good = place()
    odd = write(damaged(node_order(quiet.user_id), how))

    assert [o["orderId"] for o in quiet.get("/api/orders").json()["data"]] == [good["orderId"]]
    address = f"/api/orders/{odd['_id']}"
    expect_problem(quiet.get(address), 404, "order_not_found")
    expect_problem(quiet.post(f"{address}/cancel"), 404, "order_not_found")
    assert quiet.get(f"{address}/events").json() == {"data": []}


@pytest.mark.parametrize("how", [how for how in SHOWN if how != "list as accepted"])
def test_what_clients_do_not_see_of_an_order_hides_none(
    quiet: Client, write: Callable[[Document], Document], how: str
) -> None:
    odd = write(damaged(node_order(quiet.user_id), how))

    assert [o["orderId"] for o in quiet.get("/api/orders").json()["data"]] == [odd["orderId"]]
    assert quiet.get(f"/api/orders/{odd['_id']}").json()["orderId"] == odd["orderId"]


def test_pages_are_full_and_go_on_behind_odd_orders(
    quiet: Client, place: Place, write: Callable[[Document], Document]
) -> None:
    whole = []
    for number in range(5):
        whole.append(place()["orderId"])
        for _ in range(number):
            write(damaged(node_order(quiet.user_id), "no items"))
    for _ in range(3):
        write(damaged(node_order(quiet.user_id), "no items"))

    pages = walk(quiet, "limit=2")

    assert [len(page) for page in pages] == [2, 2, 1]
    assert [order["orderId"] for page in pages for order in page] == sorted(whole, reverse=True)


def test_an_order_whose_user_is_text_is_nobodys(quiet: Client, write: Callable[[Document], Document]) -> None:
    odd = write({**node_order(quiet.user_id), "userId": quiet.user_id})

    assert quiet.get("/api/orders").json()["data"] == []
    expect_problem(quiet.get(f"/api/orders/{odd['_id']}"), 404, "order_not_found")
    expect_problem(quiet.get(f"/api/orders/{odd['_id']}/events"), 404, "order_not_found")


def test_events_tell_what_can_be_told(quiet: Client, write: Callable[[Document], Document]) -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    history = [None, "text", {"event": "no time"}, {"at": at}, {"at": at, "event": "x", "y": Decimal128("1")}]
    odd = write({**node_order(quiet.user_id), "history": history})

    told = quiet.get(f"/api/orders/{odd['_id']}/events").json()

    assert told == {"data": [{"at": "2026-11-26T00:00:00.000Z", "event": "x"}]}


def test_an_odd_order_is_logged_once_by_each_process_and_without_its_values(
    quiet: Client, logs: Path, write: Callable[[Document], Document]
) -> None:
    odd = write(damaged(node_order(quiet.user_id), "text as items"))

    for _ in range(20):
        quiet.get("/api/orders")
        quiet.get(f"/api/orders/{odd['_id']}")

    lines = [
        json.loads(line) for line in (logs / "quiet.log").read_text().splitlines() if str(odd["_id"]) in line
    ]
    told = [line["flaw"] for line in lines if line["event"] == "order_left_out"]
    assert 1 <= len(told) <= 2, "the API has two processes"
    assert set(told) == {"items is str instead of list"}
    assert SECRET not in (logs / "quiet.log").read_text()


def test_the_key_of_an_order_that_was_damaged_serves_no_more(
    quiet: Client, product: Callable[..., str]
) -> None:
    name = product(5)
    order = quiet.order({name: 1}, key="k").json()
    orders().update_one({"orderId": order["orderId"]}, {"$set": {"items": SECRET}})

    expect_problem(quiet.order({name: 1}, key="k"), 422, "idempotency_key_reused")
    assert quiet.order({name: 1}, key="another").status_code == 201
    orders().delete_one({"orderId": order["orderId"]})


def test_a_replay_needs_no_history(quiet: Client, product: Callable[..., str]) -> None:
    name = product(5)
    first = quiet.order({name: 1}, key="k").json()
    orders().update_one({"orderId": first["orderId"]}, {"$set": {"history": [None]}})

    again = quiet.order({name: 1}, key="k")

    assert (again.status_code, again.json()) == (201, {**first, "updatedAt": first["createdAt"]})
