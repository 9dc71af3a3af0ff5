"""The polling half of the worker, with a queue client that says when it waits: what happens meanwhile."""

import dataclasses
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from pymongo.errors import AutoReconnect

from config.resources import resources
from tests.support.logged import Logged
from tests.support.node_app import node_order
from tests.support.odd_orders import damaged
from tests.support.queues import Queue
from tests.support.replaced import replace_for_test
from tests.support.steered import Document, Steered
from tests.support.waiting import wait_for
from utils.server_watch import ServerWatch
from workers import consumer as consumer_module
from workers.consumer import Consumer


class Receiving:
    """SQS' real client for receiving, and an act each time before it waits for messages."""

    def __init__(self, client: Any, act: Callable[[], object]) -> None:
        self._client, self._act = client, act
        self.limits: list[int] = []

    def receive_message(self, **arguments: Any) -> Any:
        self.limits.append(arguments["MaxNumberOfMessages"])
        self._act()
        return self._client.receive_message(**arguments)


def consumer_of(steered: Steered, threads: int) -> Consumer:
    return Consumer(steered.app, steered.advancer().advance, threads, threading.Event())


@contextmanager
def polling(consumer: Consumer) -> Iterator[None]:
    """The two threads that the worker has for its queue."""
    threads = [threading.Thread(target=work) for work in (consumer.poll, consumer.delete_finished)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        consumer._stop.set()
        for thread in threads:
            thread.join()
        consumer.finish()


def place(steered: Steered, count: int) -> list[str]:
    """Place orders, and wait until all of them are rung for."""
    user_id, product_id = steered.user(), steered.product(100)
    order_ids = [steered.place(user_id, {product_id: 1}) for _ in range(count)]
    resources().queue_publisher.drain(60)
    return order_ids


def test_messages_are_handled_and_deleted(steered: Steered, queue: Queue) -> None:
    order_ids = place(steered, 12)
    for order_id in order_ids:
        queue.ring(order_id)  # once more
    with polling(consumer_of(steered, 3)):
        wait_for(lambda: queue.waiting() == queue.in_flight() == 0, "the queue to be empty")
    assert {steered.read(order_id)["status"] for order_id in order_ids} == {"Processed"}
    assert len(steered.ses.mails) == 12


def test_a_message_that_comes_while_the_worker_stops_is_given_back_at_once(
    steered: Steered, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    (order_id,) = place(steered, 1)
    consumer = consumer_of(steered, 3)

    client = Receiving(resources().sqs_receive, consumer._stop.set)
    replace_for_test(monkeypatch, steered.app, sqs_receive=client)
    with polling(consumer):
        wait_for(consumer._stop.is_set, "the stop")
    assert steered.read(order_id)["status"] == "Pending"
    assert (queue.waiting(), queue.in_flight()) == (1, 0)


def test_the_sweeper_does_not_wait_for_an_open_receive(
    steered: Steered, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receive is open nearly all the time, for 20 s; and with SQS gone it is tried again and again."""
    (order_id,) = place(steered, 1)
    waiting, over = threading.Event(), threading.Event()

    def wait() -> None:
        waiting.set()
        over.wait()

    client = Receiving(resources().sqs_receive, wait)
    replace_for_test(monkeypatch, steered.app, sqs_receive=client)
    consumer = consumer_of(steered, 2)
    steered.wait(30)
    with polling(consumer):
        try:
            assert waiting.wait(60)
            assert consumer.sweep() == 1
            wait_for(lambda: steered.read(order_id)["status"] == "Processed", "the order to be swept")
        finally:
            consumer._stop.set()
            over.set()


def test_no_more_messages_are_received_than_there_are_free_threads(
    steered: Steered, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(steered, 6)
    gate, running = threading.Event(), threading.Semaphore(0)

    def stand(_: Document) -> None:
        running.release()
        gate.wait()

    steered.fulfil = stand
    client = Receiving(resources().sqs_receive, lambda: None)
    replace_for_test(monkeypatch, steered.app, sqs_receive=client)
    with polling(consumer_of(steered, 3)):
        try:
            for _ in range(3):
                assert running.acquire(timeout=60)
            assert (queue.waiting(), queue.in_flight()) == (3, 3)
        finally:
            gate.set()
        wait_for(lambda: queue.waiting() == queue.in_flight() == 0, "the queue to be empty")
    assert max(client.limits) == 3


def test_a_message_whose_order_cannot_be_advanced_for_an_outage_stays_on_the_queue(
    steered: Steered, queue: Queue
) -> None:
    place(steered, 1)
    attempted = threading.Event()

    def advance(order: Document, due: bool = False) -> None:
        attempted.set()
        raise AutoReconnect("as planned")

    with polling(Consumer(steered.app, advance, 3, threading.Event())):
        assert attempted.wait(60)
    assert (queue.waiting(), queue.in_flight()) == (0, 1)


def test_a_message_about_an_order_that_is_put_aside_is_deleted(steered: Steered, queue: Queue) -> None:
    """Else it would be a dead letter, though it is understood, and the audit names the order."""
    odd = damaged(node_order(steered.user()), "text as mail")
    steered.database["orders"].insert_one(odd)
    with polling(consumer_of(steered, 3)):
        for _ in range(2):  # when it is put aside, and when it has been
            queue.ring(odd["orderId"])
            wait_for(lambda: queue.waiting() == queue.in_flight() == 0, "the queue to be empty")
    assert "putAside" in steered.read(odd["_id"])


class Watch(ServerWatch):
    """A MongoDB that is said to be gone, while it is there for the test to look into."""

    def __init__(self) -> None:
        super().__init__()
        self.gone, self.asked = True, threading.Semaphore(0)

    def check(self, client: Any) -> None:
        """Let every call through."""

    def is_gone(self, client: Any) -> bool:
        self.asked.release()
        return self.gone


def test_while_mongodb_is_gone_no_message_is_received(
    steered: Steered, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each would be received in vain until it is a dead letter."""
    (order_id,) = place(steered, 1)
    watch, client = Watch(), Receiving(resources().sqs_receive, lambda: None)
    mongodb = dataclasses.replace(resources().mongodb, _watch=watch)
    replace_for_test(monkeypatch, steered.app, sqs_receive=client, mongodb=mongodb)
    with polling(consumer_of(steered, 2)):
        for _ in range(3):
            assert watch.asked.acquire(timeout=60)
        assert client.limits == []
        watch.gone = False
        wait_for(lambda: steered.read(order_id)["status"] == "Processed", "the order to be processed")


class Unreachable:
    """A client of SQS that nobody answers, so many times; and then no message comes."""

    def __init__(self, times: int) -> None:
        self.left, self.answered = times, threading.Event()

    def receive_message(self, **_arguments: Any) -> dict[str, Any]:
        if self.left:
            self.left -= 1
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
        self.answered.set()
        return {}


def test_that_the_queue_is_gone_and_back_is_logged_once_each(
    steered: Steered, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Unreachable(times=3)
    monkeypatch.setattr(consumer_module, "_PAUSE_SECONDS", 0.01)
    replace_for_test(monkeypatch, steered.app, sqs_receive=client)
    logged = Logged(monkeypatch, consumer_module)
    with polling(consumer_of(steered, 2)):
        assert client.answered.wait(60)
        wait_for(lambda: "queue_up" in logged.events, "the line that it is back")
    assert logged.events == ["queue_down", "queue_up"]
