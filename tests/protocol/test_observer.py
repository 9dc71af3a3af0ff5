"""What the worker measures for Prometheus: how late work is, and how full the queue."""

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from config.resources import resources
from local_stack.probes import free_port
from tests.support.collections import orders
from tests.support.logged import Logged
from tests.support.queues import Queue
from tests.support.replaced import bound_to, change_settings
from tests.support.steered import Steered
from workers import observer
from workers.observer import Observer


def overdue(work: str) -> float | None:
    return REGISTRY.get_sample_value("overdue_seconds", {"work": work})


def queue_messages() -> dict[str, float | None]:
    states = ("waiting", "in_flight", "dead")
    return {state: REGISTRY.get_sample_value("queue_messages", {"state": state}) for state in states}


@pytest.fixture
def look(steered: Steered, queue: Queue) -> Callable[[], None]:
    return Observer().look


def test_how_late_the_oldest_order_is_grows_until_it_is_worked_on(
    steered: Steered, look: Callable[[], None]
) -> None:
    steered.place(steered.user(), {steered.product(5): 1})
    look()
    assert overdue("order") == 0  # a message is under way: it is not due yet

    steered.wait(30 + 100)
    steered.place(steered.user(), {steered.product(5): 1})
    look()
    assert overdue("order") == 100

    steered.finish()
    look()
    assert overdue("order") == overdue("mail") == 0


def test_how_late_the_oldest_mail_is_stands_apart(steered: Steered, look: Callable[[], None]) -> None:
    order_id = steered.place(steered.user(), {steered.product(5): 1})
    steered.restart_mails(places=0)  # no mail goes out
    steered.deliver(order_id)
    steered.wait(40)
    look()
    assert (overdue("order"), overdue("mail")) == (0, 40)


def test_an_order_of_odd_times_hides_none(steered: Steered, look: Callable[[], None]) -> None:
    order_id = steered.place(steered.user(), {steered.product(5): 1})
    orders().insert_one({"orderId": "odd", "status": "Pending", "nextActionAt": [steered.now]})
    steered.wait(30 + 50)
    look()
    assert overdue("order") == 50
    assert steered.read(order_id)["status"] == "Pending"


def test_messages_are_counted_by_state_and_new_dead_ones_logged_once(
    queue: Queue, look: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    logged = Logged(monkeypatch, observer)
    for _ in range(3):
        queue.send("{}")
    queue.sqs.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=1)
    queue.sqs.send_message(QueueUrl=queue.dead_url, MessageBody="{}")

    look()
    look()

    assert queue_messages() == {"waiting": 2, "in_flight": 1, "dead": 1}
    assert logged.fields == [{"dead": 1, "new": 1}]


def test_what_cannot_be_measured_is_not_there(
    steered: Steered, look: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old number would say that all is well."""
    look()
    assert (overdue("order"), queue_messages()["dead"]) == (0, 0)

    change_settings(monkeypatch, steered.app, sqs_queue_url=resources().settings.sqs_queue_url + "-gone")
    client = MongoClient[Any]("127.0.0.1", free_port(), serverSelectionTimeoutMS=100)
    with client, bound_to(client, client["gone"]), pytest.raises(PyMongoError):
        look()

    assert overdue("order") is overdue("mail") is None
    assert set(queue_messages().values()) == {None}


def test_orders_that_wait_for_a_person_are_counted_until_they_are_mended(
    steered: Steered, look: Callable[[], None]
) -> None:
    def counted() -> float | None:
        return REGISTRY.get_sample_value("orders_in_state", {"state": "put_aside"})

    order_id = steered.place(steered.user(), {steered.product(5): 1})
    orders().update_one({"orderId": order_id}, {"$set": {"items": "text"}})
    steered.wait(31)
    steered.sweep()
    look()
    assert counted() == 1

    orders().delete_one({"orderId": order_id})
    look()
    assert counted() == 0
