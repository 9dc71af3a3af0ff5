"""The API under gunicorn's gevent worker: what has threads, forks or ends by itself does what it should."""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
import pytest
import requests
from bson import ObjectId
from flask import Flask

from config.resources import resources_of
from local_stack.probes import free_port
from local_stack.processes import Process
from services import queue_publisher
from services.order_notifications import OrderWaiters
from tests.faults.proxy import Proxy, mongo_through
from tests.faults.toxics import Latency, Silence
from tests.support.client import Client
from tests.support.queues import Queue, make_queue
from tests.support.system import running_api
from tests.support.together import together
from tests.support.waiting import wait_for

Product = Callable[..., str]
AT_ONCE = 40
ONE = {"WEB_CONCURRENCY": "1"}


@pytest.fixture
def queue(settings: dict[str, str]) -> Iterator[Queue]:
    """A queue of one's own."""
    sqs: Any = boto3.client(
        "sqs",
        endpoint_url=settings["AWS_ENDPOINT_URL"],
        region_name=settings["AWS_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
    )
    yield make_queue(sqs)
    sqs.close()


def worker_pids(child: Process) -> list[int]:
    """The processes that serve, in the order in which gunicorn says that it starts them."""
    return [int(pid) for pid in re.findall(r"Booting worker with pid: (\d+)", child.output())]


def test_what_waits_for_sqs_is_sent_when_the_process_is_asked_to_end(
    settings: dict[str, str], logs: Path, queue: Queue, product: Product
) -> None:
    """SQS hangs, orders are taken, SIGTERM comes, and only then SQS goes on."""
    aws = urlsplit(settings["AWS_ENDPOINT_URL"])
    with Proxy(aws.port or 0) as proxy:
        changes = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}", "SQS_QUEUE_URL": queue.url}
        with running_api(settings, logs / "ends.log", RING_SECONDS="3600", **changes, **ONE) as (base, child):
            user, product_id = Client(base).register(), product(20)
            proxy.set(Silence())
            assert user.order({product_id: 1}).status_code == 201
            assert proxy.held.wait(30)
            for _ in range(11):  # more than one message to SQS holds
                assert user.order({product_id: 1}).status_code == 201
            user.session.close()
            child.send(SIGTERM)
            wait_for(lambda: "Worker exiting" in child.output(), "the worker to have served all")
            ends = time.monotonic() + queue_publisher.LAST_CHANCE_SECONDS
            wait_for(lambda: time.monotonic() > ends - 3, "the time that other libraries take to end")
            assert queue.waiting() == 0
            proxy.clear()
            assert child.wait(60) == 0

    assert queue.waiting() in (11, 12)  # the one that hung may have been given up: a sweep finds its order


def test_requests_at_once_never_see_each_others_id(settings: dict[str, str], logs: Path) -> None:
    """Each waits for MongoDB in its middle, so all are under way when the first one goes on."""
    with Proxy(urlsplit(settings["MONGO_URI"]).port or 0) as proxy:
        uri = mongo_through(settings["MONGO_URI"], proxy.port)
        with running_api(settings, logs / "at-once.log", MONGO_URI=uri, **ONE) as (base, child):
            user = Client(base).register()
            asked = {str(ObjectId()): uuid4().hex for _ in range(AT_ONCE)}
            proxy.set(Latency(0.2))

            def ask(order_id: str, request_id: str) -> requests.Response:
                client = Client(base)  # a connection of its own
                client.tokens = user.tokens
                return client.get(f"/api/orders/{order_id}", headers={"X-Request-Id": request_id})

            answers = together([partial(ask, *pair) for pair in asked.items()])
            proxy.clear()
            told = wait_for(lambda: _ids_by_path(child, AT_ONCE), "their lines")

    for answer, request_id in zip(answers, asked.values(), strict=True):
        assert answer.status_code == 404
        assert answer.headers["X-Request-Id"] == answer.json()["requestId"] == request_id
    assert told == {f"/api/orders/{order_id}": request_id for order_id, request_id in asked.items()}


def _ids_by_path(child: Process, count: int) -> dict[str, str] | None:
    """The request id in the line about each address that was not found, once there are so many."""
    whole = child.output().rpartition("\n")[0].splitlines()
    lines = [line for line in map(json.loads, whole) if line.get("status") == 404]
    return {line["path"]: line["request_id"] for line in lines} if len(lines) >= count else None


def test_what_the_publisher_logs_has_no_requests_id(
    settings: dict[str, str], logs: Path, product: Product
) -> None:
    """Its thread begins in the middle of a request, and outlives it."""
    nowhere = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}
    with running_api(settings, logs / "publisher.log", RING_SECONDS="3600", **nowhere, **ONE) as (
        base,
        child,
    ):
        user = Client(base).register()
        wait_for(lambda: _ordered_until_told(user, product, child), "the publisher to give up")
        (line,) = [line for line in child.output().splitlines() if "circuit_opened" in line]

    assert "request_id" not in json.loads(line)


def _ordered_until_told(user: Client, product: Product, child: Process) -> bool:
    assert user.order({product(1): 1}).status_code == 201
    return "circuit_opened" in child.output()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux' /proc")
def test_the_process_that_forks_has_no_thread_and_no_connection(
    settings: dict[str, str], logs: Path, product: Product
) -> None:
    """What it had, each of its children would have too: a lock that nobody gives back, a socket of two."""
    with running_api(settings, logs / "forks.log", **ONE) as (base, child):
        user = Client(base).register()
        assert user.order({product(1): 1}).status_code == 201
        assert user.get("/readyz").status_code == 200
        master, (worker,) = Path(f"/proc/{child.pid}"), worker_pids(child)

        assert len(list((master / "task").iterdir())) == 1
        assert len(_sockets(master)) == 1, "the one that listens"
        assert len(_sockets(Path(f"/proc/{worker}"))) > 3, "so they would be seen"


def _sockets(process: Path) -> list[str]:
    links = [str(link.readlink()) for link in (process / "fd").iterdir()]
    return [link for link in links if link.startswith("socket:")]


def test_a_process_that_died_with_its_circuit_open_tells_of_it_no_more(
    settings: dict[str, str], logs: Path, product: Product
) -> None:
    nowhere = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}
    open_circuit = 'circuit_open{dependency="sqs"} 1.0'
    with running_api(settings, logs / "circuit.log", RING_SECONDS="3600", **nowhere, **ONE) as (base, child):
        user = Client(base).register()
        wait_for(lambda: _ordered_until_told(user, product, child), "the publisher to give up")
        assert open_circuit in user.get("/metrics").text
        user.session.close()
        os.kill(worker_pids(child)[0], SIGKILL)
        wait_for(lambda: len(worker_pids(child)) == 2, "another process")

        assert open_circuit not in Client(base).get("/metrics").text
        created = 'http_request_seconds_count{method="POST",route="/api/orders",status="201",waited="no"}'
        assert created in Client(base).get("/metrics").text, "what it had counted still counts"


def test_the_listener_goes_on_after_whatever_happened_to_it(
    own_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would start it again, and whoever waits would wait in vain."""
    waiters = OrderWaiters(resources_of(own_app).settings.redis_address, places=10)
    receive = OrderWaiters._receive
    failed: list[OrderWaiters] = []

    def fail_once(self: OrderWaiters) -> None:
        if not failed:
            failed.append(self)
            raise ValueError("as planned")
        receive(self)

    monkeypatch.setattr(OrderWaiters, "_receive", fail_once)

    def has_a_place() -> bool:
        with waiters.waiting_for("x") as place:
            return place is not None

    wait_for(has_a_place, "the listener to listen")
    assert failed == [waiters]
