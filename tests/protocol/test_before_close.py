"""PUBLISH=before_close: the message is sent after the answer's last byte and before the request ends."""

import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.resources import resources, resources_of
from services.queue_publisher import QueuePublisher
from tests.protocol.test_queue_messages import rung_for
from tests.support.client import PASSWORD
from tests.support.queues import Queue
from tests.support.replaced import replace_for_test, replaced
from tests.support.steered import Steered, app_with
from tests.support.system import QUICK


@pytest.fixture
def closing_app(own_settings: dict[str, str], queue: Queue) -> Iterator[Flask]:
    """An app of its own on the steered one's database, that sends to a fresh queue."""
    changes = {"PUBLISH": "before_close", "SQS_QUEUE_URL": queue.url, "LOG_LEVEL": "ERROR"}
    app = app_with({**own_settings, **QUICK, **changes})
    yield app
    resources_of(app).mongodb.client.close()


def log_in(app: Flask) -> FlaskClient:
    client = app.test_client()
    account = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
    assert client.post("/api/auth/register", json=account).status_code == 201
    token = client.post("/api/auth/login", json=account).get_json()["token"]
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def order(client: FlaskClient, product_id: str) -> Any:
    """An answer that is complete and not closed."""
    return client.post("/api/orders", json={"items": [{"productId": product_id, "quantity": 1}]})


def test_the_answer_is_there_before_the_message_and_the_message_before_the_end(
    steered: Steered, queue: Queue, closing_app: Flask
) -> None:
    client, product_id = log_in(closing_app), steered.product(5)

    answer = order(client, product_id)
    assert answer.status_code == 201
    assert queue.waiting() == 0

    answer.close()
    assert rung_for(queue) == [answer.get_json()["orderId"]]


def test_the_answer_is_the_same_as_with_a_thread(
    steered: Steered, closing_app: Flask, steered_app: Flask
) -> None:
    product_id = steered.product(5)
    answers = [order(log_in(app), product_id) for app in (closing_app, steered_app)]

    shapes = [(answer.status_code, set(answer.get_json()), set(answer.headers.keys())) for answer in answers]
    assert shapes[0] == shapes[1]
    for answer in answers:
        answer.close()


def test_a_cancelled_orders_message_is_sent_likewise(
    steered: Steered, queue: Queue, closing_app: Flask
) -> None:
    client = log_in(closing_app)
    placed = order(client, steered.product(5))
    placed.close()
    order_id = placed.get_json()["orderId"]
    assert rung_for(queue) == [order_id]

    client.post(f"/api/orders/{order_id}/cancel").close()

    assert rung_for(queue) == [order_id]


class HeldSqs:
    """An SQS that answers when it is let, and writes down that it did."""

    def __init__(self, events: list[str]) -> None:
        self.asked, self.let, self._events = threading.Event(), threading.Event(), events

    def send_message_batch(self, **_: Any) -> dict[str, Any]:
        self.asked.set()
        assert self.let.wait(60)
        self._events.append("sent")
        return {}


def test_a_request_whose_message_another_one_sends_does_not_end_before_it_is_sent(steered: Steered) -> None:
    events: list[str] = []
    sqs, publisher = HeldSqs(events), QueuePublisher(steered.app, in_background=False)
    publisher.publish("an-order", "a-request")

    def close() -> None:
        publisher.send_waiting()
        events.append("closed")

    with replaced(steered.app, sqs=sqs):
        first = threading.Thread(target=close)
        first.start()
        assert sqs.asked.wait(60)
        assert publisher.has_unsent()
        second = threading.Thread(target=close)
        second.start()
        sqs.let.set()
        first.join()
        second.join()

    assert events == ["sent", "closed", "closed"]
    assert not publisher.has_unsent()


def test_without_sqs_the_order_is_taken_and_the_sweeper_finds_it(
    steered: Steered, closing_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing_app.app_context():
        settings = resources().settings.model_copy(update={"sqs_queue_url": "http://127.0.0.1:9/none"})
    replace_for_test(monkeypatch, closing_app, settings=settings)

    answer = order(log_in(closing_app), steered.product(5))
    answer.close()

    assert answer.status_code == 201
    steered.wait(31)
    steered.sweep()
    assert steered.only_order()["status"] == "Processed"
