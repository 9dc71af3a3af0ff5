"""Redis, SQS or MongoDB go away, and come back: on a stack of its own, so that nobody else is disturbed."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from local_stack.processes import Process
from local_stack.programs import ROOT, clean_environment
from local_stack.stack import LocalStack
from tests.faults.time_travel import at_rest, pass_time
from tests.support.client import PASSWORD, Client, expect_problem
from tests.support.invariants import check_at_rest
from tests.support.system import QUICK, running_api, running_worker
from tests.support.together import together
from tests.support.waiting import wait_for

_QUICK = {"RING_SECONDS": "0.5", "SWEEP_SECONDS": "0.2"}


@dataclass
class System:
    stack: LocalStack
    database: Any
    base: str
    api: Process
    worker: Process

    def product(self, stock: int) -> str:
        product_id = f"p-{uuid4().hex[:12]}"
        product = {"productId": product_id, "stock": stock, "received": stock, "price": 10}
        self.database["inventories"].insert_one(product)
        return product_id

    @contextmanager
    def without(self, server: str, how: str) -> Iterator[None]:
        """Meanwhile that server is stopped, killed, or hangs."""
        getattr(self.stack.servers[server], how)()
        try:
            yield
        finally:
            self.stack.servers[server].resume() if how == "pause" else self.stack.servers[server].start()


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    directory = tmp_path_factory.mktemp("outages")
    with LocalStack(directory / "stack", {}) as stack:
        known = dict(stack.settings)
        environment = clean_environment({**known, **QUICK})
        subprocess.run([sys.executable, "-m", "local_stack.seed"], cwd=ROOT, env=environment, check=True)
        with (
            MongoClient[dict[str, Any]](known["MONGO_URI"], tz_aware=True) as client,
            running_api(known, directory / "api.log", **_QUICK) as (base, api),
            running_worker(known, directory / "worker.log", **_QUICK) as worker,
        ):
            yield System(stack, client.get_default_database(), base, api, worker)
            assert worker.running, worker.output()


@pytest.fixture
def customer(system: System) -> Client:
    """Once all processes of the API are over what the last test did."""
    anyone = Client(system.base)
    wait_for(lambda: all(anyone.get("/readyz").status_code == 200 for _ in range(6)), "all to be well")
    return Client(system.base).register()


@pytest.mark.parametrize("how", ["stop", "pause"])
def test_without_redis_all_answers_are_the_same(system: System, customer: Client, how: str) -> None:
    with system.without("redis", how):
        product_id = system.product(5)
        order = customer.order({product_id: 2}, key="k").json()
        assert order["status"] == "Pending"
        assert customer.order({product_id: 2}, key="k").headers["Idempotent-Replayed"] == "true"
        assert customer.ended(order["orderId"])["status"] == "Processed"
        again = customer.get(f"/api/orders/{order['orderId']}")
        assert again.headers["X-Cache"] == "miss"
        assert [o["orderId"] for o in customer.get("/api/orders").json()["data"]] == [order["orderId"]]
        expect_problem(customer.post(f"/api/orders/{order['orderId']}/cancel"), 409, "not_cancellable")
        expect_problem(customer.get(f"/api/orders/{'0' * 24}"), 404, "order_not_found")
        expect_problem(customer.order({product_id: 9}), 409, "out_of_stock")
        assert Client(system.base).register().get("/api/orders").json()["data"] == []
        assert wait_for(customer.mails, "the mail")
        ready = customer.get("/readyz")
        assert ready.status_code == 200
        assert "degraded" in ready.text
    path = f"/api/orders/{order['orderId']}"
    wait_for(lambda: customer.get(path).headers["X-Cache"] == "hit", "the cache to be used again")


def test_without_sqs_orders_are_taken_and_processed_all_the_same(system: System, customer: Client) -> None:
    product_id = system.product(5)
    with system.without("aws", "stop"):
        answer = customer.order({product_id: 2})
        assert answer.status_code == 201
        order_id = answer.json()["orderId"]
        assert customer.ended(order_id)["status"] == "Processed"
        assert customer.get("/readyz").status_code == 503
    wait_for(lambda: settled_mail(system, customer), "the mail, once SES is back")
    check_at_rest(system.database)
    assert len(customer.mails()) == 1  # a connection that was refused is no unknown outcome


def settled_mail(system: System, customer: Client) -> bool:
    """The back-off need not be waited out."""
    pass_time(system.database, claims=False)
    return at_rest(system.database) and bool(customer.mails())


def test_after_a_kill_of_mongodb_nothing_that_was_promised_is_lost(system: System, customer: Client) -> None:
    product_id = system.product(50)
    before = [customer.order({product_id: 1}).json()["orderId"] for _ in range(10)]
    with system.without("mongo", "kill"):
        placed, listed, ready = together(
            [
                lambda: customer.order({product_id: 1}, key="k"),
                lambda: customer.get("/api/orders"),
                lambda: customer.get("/readyz"),
            ]
        )
        expect_problem(placed, 503, "service_unavailable")
        expect_problem(listed, 503, "service_unavailable")
        assert ready.status_code == 503
        assert "mongodb" in ready.text
    retried = wait_for(lambda: accepted(customer, product_id), "an order to be taken again")
    for order_id in (*before, retried):
        assert customer.ended(order_id)["status"] == "Processed"
    pass_time(system.database)  # a mail that was being sent when its note could not be written
    wait_for(lambda: everything_ended(system), "all to be finished")
    page = customer.get("/api/orders").json()["data"]
    assert {order["orderId"] for order in page} == {*before, retried}
    check_at_rest(system.database)
    assert system.database["inventories"].find_one({"productId": product_id})["sold"] == 11


@pytest.mark.parametrize("how", ["kill", "pause"])
def test_while_mongodb_is_gone_clients_are_told_so_at_once(
    system: System, customer: Client, how: str
) -> None:
    """If each request waited its 5 s, the threads would all wait, and even /livez behind them."""
    order_id = customer.order({system.product(5): 1}).json()["orderId"]
    customer.ended(order_id)
    deleted = deleted_user(system)
    children, before = (system.api, system.worker), len(system.api.output())
    told = [len(circuits(child, "circuit_opened")) for child in children]
    with system.without("mongo", how):
        wait_for(lambda: all_know(system, told), "both API processes and the worker to know it")
        start = time.monotonic()
        answers = [customer.get("/api/orders") for _ in range(200)]
        seconds = time.monotonic() - start
        for answer in answers:
            expect_problem(answer, 503, "service_unavailable")
        assert customer.get("/livez").status_code == 200
        assert customer.get(f"/api/orders/{order_id}").json()["status"] == "Processed"  # from the cache
        assert is_refused_everywhere(deleted)
    assert seconds < 120, "200 times 5 s are 1000"
    wait_for(lambda: customer.get("/api/orders").status_code == 200, "the API to find it again")
    lines = [json.loads(line) for line in system.api.output()[before:].splitlines() if line.startswith("{")]
    assert sum(line["event"] == "circuit_opened" for line in lines) == 2  # once a process
    assert not [line for line in lines if line["event"] == "database_error"]
    assert {line["error"] for line in lines if line.get("status") == 503} >= {"ServerSelectionTimeoutError"}


def deleted_user(system: System) -> Client:
    """One whose deletion both API processes know of."""
    gone = Client(system.base).register()
    assert gone.delete("/api/auth/me", {"password": PASSWORD}).status_code == 204
    wait_for(lambda: is_refused_everywhere(gone), "both API processes to know that the user is gone")
    return gone


def is_refused_everywhere(gone: Client) -> bool:
    """Asked so often that each process is asked."""
    token = gone.tokens["token"]
    answers = together([lambda: Client(gone.base).get("/api/orders", token=token) for _ in range(8)])
    return {answer.status_code for answer in answers} == {401}


def circuits(child: Process, event: str) -> list[str]:
    return [line for line in child.output().splitlines() if event in line and "mongodb" in line]


def all_know(system: System, told: list[int]) -> bool:
    """Many clients ask at once, so that both API processes are asked."""
    together([lambda: Client(system.base).get("/api/inventory") for _ in range(8)])
    api, worker = (len(circuits(child, "circuit_opened")) for child in (system.api, system.worker))
    return api >= told[0] + 2 and worker > told[1]


def accepted(customer: Client, product_id: str) -> str | None:
    """The same request again, as a client does that was answered 503."""
    answer = customer.order({product_id: 1}, key="k")
    return answer.json()["orderId"] if answer.status_code == 201 else None


def everything_ended(system: System) -> bool:
    """The minute after which the sweeper takes what a request or a worker left need not be waited out."""
    pass_time(system.database, claims=False)
    return at_rest(system.database)
