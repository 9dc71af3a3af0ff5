"""Pending orders that the Node app left: those of the last day are taken up, older ones are a person's."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

import workers.node_orders
from models import node_orders
from tests.support.crashes import Crash, Stop
from tests.support.logged import Logged
from tests.support.node_app import node_order
from tests.support.queues import make_queue
from tests.support.steered import Document, Steered
from tests.support.system import running_worker
from tests.support.waiting import wait_for
from workers.node_orders import take_up_recent


def left(steered: Steered, age: timedelta, **fields: Any) -> Document:
    """A Pending order of that age."""
    at = steered.now - age
    order_id = ObjectId(ObjectId.from_datetime(at).binary[:4] + ObjectId().binary[4:])
    aged = {"_id": order_id, "createdAt": at, "updatedAt": at}
    order = node_order(steered.user(), steered.product(5), **{**aged, **fields})
    steered.database["orders"].insert_one(order)
    return order


def test_one_of_the_last_day_is_taken_up_processed_and_mailed(steered: Steered) -> None:
    order = left(steered, timedelta(hours=23))

    assert take_up_recent() == 1
    assert steered.sweep() == 1

    done = steered.read(order["_id"])
    assert (done["status"], done["settled"], done["mail"]["state"]) == ("Processed", True, "sent")
    assert take_up_recent() == 0


@pytest.mark.parametrize(
    ("age", "fields"),
    [
        (timedelta(seconds=59), {}),  # the Node app may be about to ring
        (timedelta(hours=25), {}),
        (timedelta(hours=1), {"createdAt": None}),
        (timedelta(hours=1), {"status": "Processed"}),
        (timedelta(hours=1), {"accepted": False}),
        (timedelta(hours=1), {"accepted": True}),
        (timedelta(hours=1), {"putAside": {"reason": "x"}}),
    ],
)
def test_no_other_is_touched(steered: Steered, age: timedelta, fields: Document) -> None:
    order = left(steered, age, **fields)
    before = steered.read(order["_id"])

    assert take_up_recent() == 0

    assert steered.read(order["_id"]) == before


@pytest.mark.parametrize("order_id", ["text", 5])
def test_one_whose_id_does_not_say_when_it_was_made_is_left_to_an_operator(
    steered: Steered, order_id: object
) -> None:
    order = node_order(steered.user(), _id=order_id, createdAt=steered.now)
    steered.database["orders"].insert_one(order)

    assert take_up_recent() == 0
    assert [found["_id"] for found in node_orders.find_older()] == [order_id]


def test_what_is_taken_up_is_logged_and_nothing_else_is(
    steered: Steered, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged = Logged(monkeypatch, workers.node_orders)
    assert take_up_recent() == 0
    assert logged.events == []

    left(steered, timedelta(minutes=5))
    assert take_up_recent() == 1
    assert (logged.events, logged.fields) == (["node_orders_taken_up"], [{"orders": 1}])


def test_an_id_of_today_makes_no_old_order_young(steered: Steered) -> None:
    """As where orders were copied from elsewhere."""
    left(steered, timedelta(hours=1), createdAt=steered.now - timedelta(days=400))

    assert take_up_recent() == 0


def test_of_many_workers_one_takes_it_up(steered: Steered) -> None:
    for _ in range(5):
        left(steered, timedelta(hours=1))

    assert sum(steered.each(4, lambda _: take_up_recent())) == 5


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_dies_over_it_leaves_it_to_the_next(steered: Steered, when: str) -> None:
    order = left(steered, timedelta(hours=1))
    with steered.interrupted(Stop(when, 1)), pytest.raises(Crash):
        take_up_recent()

    take_up_recent()
    steered.finish()

    assert steered.read(order["_id"])["status"] == "Processed"
    assert len(steered.ses.mails) == 1


def test_the_worker_does_so_by_itself(
    steered: Steered, own_settings: Mapping[str, str], sqs: Any, tmp_path: Path
) -> None:
    order = left(steered, timedelta(minutes=5))
    known = {**own_settings, "SQS_QUEUE_URL": make_queue(sqs).url, "AUDIT_SECONDS": "0.5"}

    with running_worker(known, tmp_path / "worker.log"):
        wait_for(lambda: "nextActionAt" not in ended(steered, order), "the order to end")


def ended(steered: Steered, order: Document) -> Document:
    found = steered.read(order["_id"])
    return found if found["status"] == "Processed" else {"nextActionAt": None}
