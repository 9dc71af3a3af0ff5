"""The worker as a process: what it leaves to the dead-letter queue, how it stops, and how it dies."""

import json
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals
from typing import Any

import pytest
import requests

from local_stack.probes import accepts, free_port, http_get
from local_stack.programs import clean_environment, python
from tests.faults.time_travel import at_rest, pass_time
from tests.support.client import Client
from tests.support.gate import STEP, begun, open_gate
from tests.support.invariants import check_at_rest
from tests.support.queues import Queue, make_queue
from tests.support.steered import Steered
from tests.support.system import QUICK, running_api, running_worker
from tests.support.together import together
from tests.support.waiting import wait_for


@pytest.fixture
def queue(sqs: Any) -> Queue:
    return make_queue(sqs)


@pytest.fixture
def known(own_settings: dict[str, str], queue: Queue) -> dict[str, str]:
    """The settings of a worker for the steered database and a fresh queue."""
    return {**own_settings, "SQS_QUEUE_URL": queue.url}


def test_what_is_no_order_goes_to_the_dead_letter_queue_after_five_receives(
    steered: Steered, queue: Queue, known: dict[str, str], tmp_path: Path
) -> None:
    order_id = steered.place(steered.user(), {steered.product(5): 2})
    strange = ["not JSON", "[]", '{"orderId": 5}', json.dumps({"orderId": "no such order"})]
    for body in strange:
        queue.send(body)
    queue.ring(order_id)
    with running_worker(known, tmp_path / "worker.log", QUEUE_VISIBILITY_SECONDS="1") as worker:
        dead: list[str] = []

        def all_dead() -> bool:
            dead.extend(queue.dead())
            return len(dead) == len(strange)

        wait_for(all_dead, "the dead letters")
        receives = Counter(
            json.loads(line)["message_id"]
            for line in worker.output().splitlines()
            if "message_not_understood" in line
        )
    assert sorted(dead) == sorted(strange)
    assert list(receives.values()) == [5] * len(strange)
    assert steered.read(order_id)["status"] == "Processed"
    assert queue.waiting() == queue.in_flight() == 0


def test_a_worker_whose_metrics_port_is_taken_says_so_and_takes_no_work(
    steered: Steered, queue: Queue, known: dict[str, str], tmp_path: Path
) -> None:
    order_id = steered.place(steered.user(), {steered.product(5): 1})
    queue.ring(order_id)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environment = clean_environment({**known, **QUICK, "WORKER_METRICS_PORT": str(port)})
        worker = python(["-m", "workers.order_worker"], environment, tmp_path / "worker.log").start()
        assert worker.wait(60) == 1
    assert f"WORKER_METRICS_PORT={port} on 127.0.0.1: Address already in use." in worker.output()
    assert steered.read(order_id)["status"] == "Pending"


def test_the_worker_serves_its_metrics_to_its_own_machine_alone_and_counts_dead_letters(
    queue: Queue, known: dict[str, str], tmp_path: Path
) -> None:
    queue.sqs.send_message(QueueUrl=queue.dead_url, MessageBody="{}")
    port = free_port()
    changes = {"WORKER_METRICS_PORT": str(port), "AUDIT_SECONDS": "0.2"}
    with running_worker(known, tmp_path / "worker.log", **changes):
        wait_for(lambda: b'queue_messages{state="dead"} 1.0' in http_get(port, "/metrics")[1], "the count")
        others = [address for address in own_addresses() if not address.startswith("127.")]
        assert not any(accepts(port, address) for address in others)


def own_addresses() -> list[str]:
    """IPv4 addresses of this machine."""
    return [str(found[4][0]) for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]


@pytest.mark.parametrize("signal", [SIGTERM, SIGINT])
def test_a_worker_that_is_told_to_stop_finishes_what_runs_and_leaves_the_rest(
    steered: Steered, queue: Queue, known: dict[str, str], tmp_path: Path, signal: Signals
) -> None:
    user_id, product_id = steered.user(), steered.product(10)
    order_ids = [steered.place(user_id, {product_id: 1}) for _ in range(5)]
    for order_id in order_ids:
        queue.ring(order_id)
    gate = tmp_path / "gate"
    gate.mkdir()
    changes = {"FULFILMENT": STEP, "GATE": str(gate), "FULFILMENT_THREADS": "2"}
    with running_worker(known, tmp_path / "worker.log", **changes) as worker:
        wait_for(lambda: len(begun(gate)) == 2, "two orders to be begun")
        wait_for(lambda: queue.waiting() == queue.in_flight() == 0, "the queue to be empty")
        worker.send(signal)
        wait_for(lambda: "worker_stopping" in worker.output(), "the worker to hear it")
        assert worker.running
        open_gate(gate)
        assert worker.wait(60) == 0
        assert '"clean": true' in worker.output()
    finished = begun(gate)
    assert len(finished) == 2
    for order_id in order_ids:
        order = steered.read(order_id)
        assert order["status"] == ("Processed" if order_id in finished else "Pending")
        assert (order.get("mail", {}).get("state") == "sent") == (order_id in finished)
        assert order_id in finished or order.keys().isdisjoint({"attempts", "step"})
    steered.finish()
    check_at_rest(steered.database)


def test_a_worker_that_cannot_finish_in_time_ends_all_the_same(
    steered: Steered, queue: Queue, known: dict[str, str], tmp_path: Path
) -> None:
    order_id = steered.place(steered.user(), {steered.product(5): 2})
    queue.ring(order_id)
    gate = tmp_path / "gate"
    gate.mkdir()
    changes = {"FULFILMENT": STEP, "GATE": str(gate), "WORKER_GRACE_SECONDS": "0.1"}
    with running_worker(known, tmp_path / "worker.log", **changes) as worker:
        wait_for(lambda: begun(gate), "the order to be begun")
        assert worker.stop(60) == 0
        assert '"clean": false' in worker.output()
    assert steered.read(order_id)["status"] == "Pending"
    steered.finish()
    check_at_rest(steered.database)


@pytest.fixture
def own_api(known: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """An API on the steered database."""
    with running_api(known, tmp_path / "api.log", RING_SECONDS="0.5") as (base, _):
        yield base


CUSTOMERS, ORDERS_EACH = 8, 10


def test_no_order_is_lost_when_a_worker_is_killed_at_work(
    steered: Steered, own_api: str, known: dict[str, str], tmp_path: Path
) -> None:
    products = [steered.product(10_000) for _ in range(3)]
    quick = {"SWEEP_SECONDS": "0.1", "RING_SECONDS": "0.5", "MAIL_RETRY_SECONDS": "0.1"}
    customers = together([partial(registered, own_api)] * CUSTOMERS)
    with running_worker(known, tmp_path / "first.log", **quick) as first:

        def kill_it() -> int:
            processed = {"status": "Processed"}
            wait_for(lambda: steered.database["orders"].count_documents(processed) > 20, "some work")
            first.kill()
            return 0

        work: list[Callable[[], int]] = [kill_it]
        work += [partial(buy, customer, products) for customer in customers]
        assert together(work) == [0] + [ORDERS_EACH] * CUSTOMERS
    pass_time(steered.database)
    with running_worker(known, tmp_path / "second.log", **quick):
        wait_for(lambda: at_rest(steered.database), "all orders to end", 300)
    orders = list(steered.database["orders"].find())
    assert len(orders) == CUSTOMERS * ORDERS_EACH
    assert {order["status"] for order in orders} == {"Processed"}
    check_at_rest(steered.database)
    mailed = subjects(known)
    for order in orders:
        unknown = sum(entry["event"] == "mail_unknown" for entry in order["history"])
        assert 1 <= mailed[f"Order {order['orderId']} Status Update"] <= 1 + unknown


def registered(base: str) -> Client:
    return Client(base).register()


def buy(customer: Client, products: list[str]) -> int:
    """Place orders. Returns how many were accepted."""
    answers = [customer.order({products[n % len(products)]: 1}) for n in range(ORDERS_EACH)]
    return sum(answer.status_code == 201 for answer in answers)


def subjects(settings: dict[str, str]) -> Counter[str]:
    """How often each subject was mailed, by the local stack's SES."""
    with requests.Session() as session:
        session.trust_env = False
        sent = session.get(settings["MAILBOX_URL"], timeout=30).json()["messages"]
    return Counter(message["Subject"] for messages in sent.values() for message in messages)
