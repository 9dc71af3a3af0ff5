"""The business step in real workers: it takes long, hangs, or kills its worker."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
import requests

from local_stack.probes import free_port
from local_stack.processes import Process
from models import order_decisions
from tests.support.client import Client, expect_problem
from tests.support.gate import STEP, begun, is_undone, make_deadly, open_gate, times_begun
from tests.support.invariants import check_at_rest
from tests.support.queues import make_queue
from tests.support.steered import Document, Steered
from tests.support.system import running_api, running_worker
from tests.support.waiting import wait_for

Start = Callable[..., Any]


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    path = tmp_path / "gate"
    path.mkdir()
    return path


@pytest.fixture
def known(own_settings: dict[str, str], sqs: Any, gate: Path) -> dict[str, str]:
    """Settings of a worker whose steps stand at the gate, with leases that soon run out."""
    step = {"FULFILMENT": STEP, "GATE": str(gate), "FULFILMENT_LEASE_SECONDS": "1", "RING_SECONDS": "0.1"}
    return {**own_settings, "SQS_QUEUE_URL": make_queue(sqs).url, **step, "SWEEP_SECONDS": "0.1"}


@pytest.fixture
def start(known: dict[str, str], tmp_path: Path) -> Start:
    """Start a worker: its name, and further settings."""

    def start(name: str = "worker", **changes: str) -> Any:
        return running_worker(known, tmp_path / f"{name}.log", **{"SWEEP_SECONDS": "0.1", **changes})

    return start


def place(steered: Steered, count: int) -> list[str]:
    """So many orders that are due: no worker waits for a message."""
    user_id, product_id = steered.user(), steered.product(100)
    order_ids = [steered.place(user_id, {product_id: 1}) for _ in range(count)]
    for order_id in order_ids:
        make_due(steered, order_id)
    return order_ids


def make_due(steered: Steered, order_id: str) -> None:
    steered.database["orders"].update_one({"orderId": order_id}, {"$set": {"nextActionAt": steered.now}})


def ended(steered: Steered, order_id: str, status: str = "Processed") -> Document:
    def order() -> Document | None:
        found = steered.read(order_id)
        return found if found["status"] == status and "nextActionAt" not in found else None

    return wait_for(order, f"order {order_id} to end")


def lease_of(steered: Steered, order_id: str) -> datetime:
    until: datetime = steered.read(order_id)["step"]["until"]
    return until


def test_a_step_that_takes_many_leases_is_run_once(steered: Steered, gate: Path, start: Start) -> None:
    (order_id,) = place(steered, 1)
    with start("first"), start("second"):
        wait_for(lambda: begun(gate), "the step to begin")
        later = lease_of(steered, order_id) + timedelta(seconds=3)
        wait_for(lambda: lease_of(steered, order_id) > later, "the lease to be renewed, three times over")
        open_gate(gate)
        done = ended(steered, order_id)
    assert (done["attempts"], times_begun(gate, order_id)) == (1, 1)
    check_at_rest(steered.database)


def test_a_step_that_stands_holds_no_other_up(steered: Steered, gate: Path, start: Start) -> None:
    standing, *others = place(steered, 8)
    for order_id in others:
        open_gate(gate, order_id)
    with start(FULFILMENT_THREADS="2", WORKER_THREADS="1", MAIL_THREADS="1"):
        for order_id in others:
            ended(steered, order_id)
        wait_for(lambda: times_begun(gate, standing), "the step to begin")
        (late,) = place(steered, 1)
        open_gate(gate, late)
        ended(steered, late)
        assert steered.read(standing)["status"] == "Pending"
        open_gate(gate)
        ended(steered, standing)
    check_at_rest(steered.database)


def test_while_all_threads_for_steps_are_taken_other_work_goes_on(
    steered: Steered, gate: Path, start: Start
) -> None:
    """Intents expire, decided orders are settled and mailed; steps wait for their turn."""
    order_ids = place(steered, 3)
    with start(FULFILMENT_THREADS="1", WORKER_THREADS="1"):
        wait_for(lambda: begun(gate), "a step to begin")
        cancelled, intent = place(steered, 2)
        assert order_decisions.cancel(steered.read(cancelled))
        left_alone = {"accepted": False, "nextActionAt": steered.now}
        steered.database["orders"].update_one({"orderId": intent}, {"$set": left_alone})
        make_due(steered, cancelled)
        assert ended(steered, cancelled, "Failed")["mail"]["state"] == "sent"
        assert ended(steered, intent, "Failed")["failureReason"] == "expired"
        assert len(begun(gate)) == 1
        open_gate(gate)
        for order_id in order_ids:
            ended(steered, order_id)
    assert {times_begun(gate, order_id) for order_id in order_ids} == {1}


def test_when_all_threads_for_steps_hang_the_worker_ends_to_be_started_again(
    steered: Steered, gate: Path, start: Start
) -> None:
    order_ids = place(steered, 2)
    with start(FULFILMENT_THREADS="2", FULFILMENT_SECONDS="0.5") as worker:
        assert worker.wait(60) == 1
        told = worker.output()
        assert told.count('"step_hangs"') == 2
        assert '"business_steps_hang"' in told and '"clean": true' in told
    for order_id in order_ids:
        order = steered.read(order_id)
        assert (order["attempts"], "step" in order) == (1, False)
        assert order["history"][-1]["event"] == "attempt_failed"
    open_gate(gate)
    with start("next"):
        for order_id in order_ids:
            assert ended(steered, order_id)["attempts"] == 2


def test_a_step_that_kills_its_worker_five_times_ends_as_processing_error(
    steered: Steered, gate: Path, start: Start
) -> None:
    (order_id,) = place(steered, 1)
    make_deadly(gate)
    for attempt in range(1, 6):
        with start(f"worker-{attempt}") as worker:
            assert died(worker) == -SIGKILL
        assert times_begun(gate, order_id) == attempt
    with start("last"):
        failed = ended(steered, order_id, "Failed")
    assert (failed["failureReason"], failed["attempts"]) == ("processing_error", 5)
    assert times_begun(gate, order_id) == 5
    assert is_undone(gate, order_id)
    check_at_rest(steered.database)


def died(worker: Process) -> int:
    return worker.wait(60)


def test_a_cancel_during_the_step_is_answered_409_and_after_it_failed_200(
    known: dict[str, str], steered: Steered, gate: Path, start: Start, tmp_path: Path
) -> None:
    product_id = steered.product(5)
    with running_api(known, tmp_path / "api.log") as (base, _):
        customer = Client(base).register()
        order_id = customer.order({product_id: 2}).json()["orderId"]
        address = f"/api/orders/{order_id}/cancel"
        with start(FULFILMENT_THREADS="1", FULFILMENT_SECONDS="3"):
            wait_for(lambda: begun(gate), "the step to begin")
            problem = expect_problem(customer.post(address), 409, "not_cancellable")
            assert "try again" in problem["detail"]
            wait_for(lambda: customer.post(address).status_code == 200, "the attempt to fail")
        assert customer.get(f"/api/orders/{order_id}").json()["failureReason"] == "cancelled"
        make_due(steered, order_id)  # the message about it died with the worker
        with start("next"):
            ended(steered, order_id, "Failed")
    assert is_undone(gate, order_id)
    assert steered.stock(product_id) == 5


class Warehouse:
    """What the example's step talks to: parcels by their id."""

    def __init__(self) -> None:
        self.parcels: dict[str, Any] = {}
        self.asked: list[str] = []
        warehouse = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                warehouse.asked.append(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                warehouse.parcels[self.path] = json.loads(body)
                self._answer(200 if len(warehouse.asked) > 1 else 503)  # and yet it has packed the first one

            def do_DELETE(self) -> None:
                self._answer(204 if warehouse.parcels.pop(self.path, None) else 404)

            def _answer(self, status: int) -> None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Tell nobody."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    made = Warehouse()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_the_example_of_the_docs_ships_and_takes_back(
    steered: Steered, start: Start, warehouse: Warehouse
) -> None:
    (order_id,) = place(steered, 1)
    step = {"FULFILMENT": "examples.business_step:ship", "WAREHOUSE_URL": warehouse.url}
    with start(**step):
        wait_for(lambda: steered.read(order_id)["history"][-1]["event"] == "attempt_failed", "a 503")
        assert len(warehouse.parcels) == 1
        cancelled = order_decisions.cancel(steered.read(order_id))
        assert cancelled is not None
        make_due(steered, order_id)
        ended(steered, order_id, "Failed")
        assert warehouse.parcels == {}
        (second,) = place(steered, 1)
        ended(steered, second)
    (parcel,) = warehouse.parcels.values()
    assert [line["quantity"] for line in parcel["lines"]] == [1]
    check_at_rest(steered.database)


def test_the_worker_counts_attempts_and_their_time(steered: Steered, gate: Path, start: Start) -> None:
    (order_id,) = place(steered, 1)
    open_gate(gate)
    port = free_port()
    with start(WORKER_METRICS_PORT=str(port)), requests.Session() as session:
        session.trust_env = False
        ended(steered, order_id)
        numbers = session.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
    assert 'step_attempts_total{outcome="done",step="step"} 1.0' in numbers
    assert 'step_seconds_count{step="step"} 1.0' in numbers
