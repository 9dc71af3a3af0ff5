"""POST /api/orders/:id/cancel: as long as it is Pending, its customer may give it up."""

from collections.abc import Callable
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask

from models import order_decisions
from models.order import find
from models.settlement import settle
from tests.faults.time_travel import pass_time
from tests.support.client import Client, expect_problem
from tests.support.collections import orders
from tests.support.node_app import node_order
from tests.support.waiting import wait_for

Place = Callable[..., dict[str, Any]]


def test_a_cancelled_order_is_failed_and_its_stock_is_back(quiet: Client, place: Place) -> None:
    order = place()
    product_id = order["items"][0]["productId"]
    answer = quiet.post(f"/api/orders/{order['orderId']}/cancel")
    assert answer.status_code == 200
    cancelled = answer.json()
    assert cancelled == {
        **order,
        "status": "Failed",
        "failureReason": "cancelled",
        "updatedAt": cancelled["updatedAt"],
    }
    assert cancelled["updatedAt"] >= order["updatedAt"]
    assert quiet.get(f"/api/inventory/{product_id}").json()["stock"] == 5
    assert quiet.order({product_id: 5}).status_code == 201


def test_whoever_reads_it_next_sees_it_cancelled(quiet: Client, place: Place) -> None:
    order_id = place()["orderId"]
    address = f"/api/orders/{order_id}"
    wait_for(lambda: quiet.get(address).headers["X-Cache"] == "hit", "the order to be cached")
    cancelled = quiet.post(address + "/cancel").json()
    assert quiet.get(address).json() == cancelled
    events = quiet.get(address + "/events").json()["data"]
    assert [event["event"] for event in events] == ["received", "accepted", "cancelled", "settled"]
    assert events[2]["reason"] == "cancelled"


def test_who_cancels_again_is_answered_as_at_first(quiet: Client, place: Place) -> None:
    order = place()
    address = f"/api/orders/{order['orderId']}"
    first = quiet.post(address + "/cancel")
    before = quiet.get(address + "/events").json()
    for _ in range(2):
        again = quiet.post(address + "/cancel")
        assert (again.status_code, again.json()) == (200, first.json())
    assert quiet.get(address).json() == first.json()
    assert quiet.get(address + "/events").json() == before
    assert quiet.get(f"/api/inventory/{order['items'][0]['productId']}").json()["stock"] == 5


def test_an_order_that_failed_otherwise_cannot_be_cancelled(quiet: Client, place: Place, app: Flask) -> None:
    pending = find(place()["orderId"])
    assert pending is not None
    failed = order_decisions.fail(pending, "processing_error")
    assert failed is not None and settle(failed)
    of_node = node_order(quiet.user_id, status="Failed")
    orders().insert_one(of_node)
    for order_id in (failed["orderId"], str(of_node["_id"])):
        problem = expect_problem(quiet.post(f"/api/orders/{order_id}/cancel"), 409, "not_cancellable")
        assert "Failed" in problem["detail"]


@pytest.mark.usefixtures("worker")
def test_a_processed_order_cannot_be_cancelled(user: Client, product: Callable[..., str]) -> None:
    product_id = product(5)
    order_id = user.order({product_id: 2}).json()["orderId"]
    user.ended(order_id)
    problem = expect_problem(user.post(f"/api/orders/{order_id}/cancel"), 409, "not_cancellable")
    assert "Processed" in problem["detail"]
    assert user.get(f"/api/inventory/{product_id}").json()["stock"] == 3


@pytest.mark.usefixtures("worker")
def test_the_customer_gets_a_mail_about_it(quiet: Client, place: Place) -> None:
    order_id = place()["orderId"]
    quiet.post(f"/api/orders/{order_id}/cancel")
    pass_time(orders().database, [ObjectId(quiet.user_id)])  # nobody rang: the sweeper does it
    (mail,) = wait_for(quiet.mails, "the mail")
    assert mail["subject"] == f"Order {order_id} Status Update"
    assert "cancelled as you asked" in mail["text"]


def test_a_body_is_not_needed_and_does_no_harm(quiet: Client, place: Place) -> None:
    body = {"reason": "changed my mind"}
    assert quiet.post(f"/api/orders/{place()['orderId']}/cancel", body).status_code == 200
    address = f"/api/orders/{place()['orderId']}/cancel/"
    assert quiet.send("POST", address, data="{").status_code == 200


def test_without_a_token_nothing_is_cancelled(anyone: Client, quiet: Client, place: Place) -> None:
    order_id = place()["orderId"]
    expect_problem(anyone.post(f"/api/orders/{order_id}/cancel"), 401, "token_missing")
    assert quiet.get(f"/api/orders/{order_id}").json()["status"] == "Pending"


@pytest.mark.parametrize("order_id", ["nothing", "0" * 24])
def test_what_is_no_order_cannot_be_cancelled(user: Client, order_id: str) -> None:
    expect_problem(user.post(f"/api/orders/{order_id}/cancel"), 404, "order_not_found")
