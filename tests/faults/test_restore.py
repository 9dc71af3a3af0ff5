"""A backup is taken under load and restored beside a queue, a cache and an SES that are ahead of it.

The steps and commands are those of docs/RUNBOOK.md, read from there. The backup is a copy of the disk at one
moment, as the runbook has it; MongoDB's own tools are not here.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

import pytest
from redis import Redis

from local_stack.processes import Process
from local_stack.programs import ROOT, clean_environment
from local_stack.stack import LocalStack
from tests.faults.field import Field, running_field
from tests.faults.shopper import Entry, Shopper
from tests.faults.time_travel import at_rest, pass_time
from tests.support.client import Client, expect_problem
from tests.support.queues import Queue, make_queue
from tests.support.waiting import wait_for

RUNBOOK = ROOT / "docs" / "RUNBOOK.md"
STOCK = 10_000
PRODUCTS = ("p-restored-1", "p-restored-2")


class Shop:
    """An API, a worker and customers, on a stack whose database is nobody else's."""

    def __init__(self, field: Field, queue: Queue) -> None:
        self.field, self.queue, self.log = field, queue, field.log("customers")
        field.settings["SQS_QUEUE_URL"] = queue.url
        for product_id in PRODUCTS:
            field.add_product(self.log, product_id, STOCK)
        self.api = field.gunicorn("api")
        self.worker: Process = field.worker("worker")
        self.late_order, self.in_between = "", set[str]()
        self.over = threading.Event()
        self.early = Client(self.api.base).register()
        self.shoppers = [Shopper([self.api.base], self.log) for _ in range(4)]
        self.threads = [threading.Thread(target=self._shop, args=(one,)) for one in self.shoppers]

    def _shop(self, shopper: Shopper) -> None:
        while not self.over.wait(0.05):
            shopper.buy(dict.fromkeys(PRODUCTS, 1))

    @property
    def orders(self) -> Any:
        return self.field.database["orders"]

    def placed(self) -> set[str]:
        """What customers were told of."""
        tries = [entry for entry in [*self.log.entries] if entry["op"] == "order"]
        return {self.late_order, *(entry["orderId"] for entry in tries if entry["status"] == 201)}

    def ids(self, **wanted: Any) -> set[str]:
        return set(self.orders.distinct("orderId", wanted))

    def await_mails(self, more: int) -> None:
        wanted = len(self.field.ses.mails) + more
        wait_for(lambda: len(self.field.ses.mails) >= wanted, "orders to be processed and mailed")

    def flask(self, command: str) -> str:
        """As it stands in the runbook."""
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(command)],
            cwd=ROOT,
            env=clean_environment(self.field.settings),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with LocalStack(tmp_path / "stack", {}) as own, running_field(own, tmp_path) as field:
        shop = Shop(field, make_queue(field.sqs))
        for thread in shop.threads:
            thread.start()
        try:
            yield shop
        finally:
            shop.over.set()
            for thread in shop.threads:
                thread.join()


def back_up(shop: Shop, to: Path) -> None:
    """With orders in all states: the worker stands still for a moment, then the database does."""
    shop.worker.send_to_group(SIGSTOP)
    wait_for(
        lambda: shop.orders.count_documents({"status": "Pending", "accepted": True}) >= 5, "Pending ones"
    )
    database = shop.field.stack.servers["mongo"]
    database.pause()
    try:
        shutil.copytree(database.data, to)
    finally:
        database.resume()
        shop.worker.send_to_group(SIGCONT)


def go_on_for_an_hour(shop: Shop) -> Client:
    """Until the queue has messages about orders that no backup knows. Returns a customer of that hour."""
    late = Client(shop.api.base).register()
    shop.late_order = late.order(dict.fromkeys(PRODUCTS, 1)).json()["orderId"]
    shop.await_mails(20)
    assert shop.worker.stop(60) == 0
    wait_for(lambda: shop.queue.waiting() >= 5, "messages to wait for a worker")
    shop.over.set()
    for thread in shop.threads:
        thread.join()
    return late


def steps() -> list[str]:
    """Those of the runbook, as they are numbered."""
    text = RUNBOOK.read_text().partition("## Backup and restore")[2]
    found = re.findall(r"^(\d)\. (.+(?:\n   .+)*)", text, re.MULTILINE)
    assert [int(number) for number, _ in found] == list(range(1, len(found) + 1)) != []
    return [step for _, step in found]


def restore(shop: Shop, backup: Path) -> list[str]:
    """Follow the runbook. Returns what its commands printed."""
    database, redis = shop.field.stack.servers["mongo"], Redis(port=shop.field.stack.servers["redis"].port)

    def at_redis(line: str) -> None:
        redis.execute_command(*shlex.split(line)[3:])  # type: ignore[no-untyped-call]

    def put_back(_: str) -> None:
        database.stop()
        shutil.rmtree(database.data)
        shutil.copytree(backup, database.data)
        database.start()

    def new_secret(_: str) -> None:
        shop.field.settings["JWT_SECRET"] = "8d1f4c72" * 8

    def start_worker(_: str) -> None:
        shop.in_between = shop.ids(status="Processed", settled={"$ne": True})
        pass_time(shop.field.database)  # what a worker was at: it is gone
        shop.worker = shop.field.worker("worker-2", QUEUE_VISIBILITY_SECONDS="3")  # five receives in vain
        wait_for(lambda: done(shop), "all that is due to be done")

    def start_api(_: str) -> None:
        shop.api = shop.field.gunicorn("api-2")

    printed: list[str] = []
    actions: dict[str, Callable[[str], object]] = {
        r"systemctl stop orders-web.socket orders-web orders-worker .*": lambda _: shop.api.child.stop(60),
        r"mongorestore .*": put_back,
        r"redis-cli -h HOST (.*)": at_redis,
        r"JWT_SECRET": new_secret,
        r"flask .*": lambda line: printed.append(shop.flask(line)),
        r"systemctl start orders-worker": start_worker,
        r"systemctl start orders-web.socket orders-web .*": start_api,
    }
    for step in steps():
        known = [
            (action, line)
            for line in re.findall(r"`([^`]+)`", step)
            for pattern, action in actions.items()
            if re.fullmatch(pattern, line)
        ]
        assert known, f"this test does not know how to do: {step}"
        for action, line in known:
            action(line)
    return printed


def done(shop: Shop) -> bool:
    pass_time(shop.field.database, claims=False)
    return at_rest(shop.field.database)


def test_a_database_of_an_hour_ago_beside_a_queue_of_now(shop: Shop, tmp_path: Path) -> None:
    shop.await_mails(20)
    mailed_before = shop.ids(**{"mail.state": "sent"})
    back_up(shop, tmp_path / "backup")
    late = go_on_for_an_hour(shop)
    mails_before = Counter(shop.field.ses.order_ids())

    printed = restore(shop, tmp_path / "backup")

    gone = shop.placed() - shop.ids()
    assert len(gone) > 20
    orders_add_up(shop)
    mails = Counter(shop.field.ses.order_ids())
    assert {mails[order_id] for order_id in mailed_before} == {1}, "what the database knows is not sent again"
    assert {order_id: mails[order_id] for order_id in gone} == {one: mails_before[one] for one in gone}
    twice = {order_id for order_id, count in mails.items() if count > 1}
    listed = set(re.findall(r"[0-9a-f]{24}", "".join(printed[1:4])))
    assert twice and twice <= listed | shop.in_between, "the runbook lists them"
    assert printed[-1] == "All is well.\n"
    messages_harm_nobody(shop, gone)
    clients_come_back(shop, late, gone)


def orders_add_up(shop: Shop) -> None:
    """What was accepted has its end; what was just being placed when the disk was copied has expired."""
    processed = shop.ids(status="Processed")
    assert shop.ids(accepted=True) == processed
    assert shop.ids(accepted=False) == shop.ids(failureReason="expired") == shop.ids() - processed
    for product in shop.field.database["inventories"].find():
        assert (product["sold"], product["holds"]) == (len(processed), [])
        assert product["stock"] + product["sold"] == STOCK


def messages_harm_nobody(shop: Shop, gone: set[str]) -> None:
    """They end as dead letters, which say which orders are gone."""

    def counts() -> dict[str, int]:
        found: dict[str, int] = json.loads(shop.flask("flask queue status --json"))
        return found

    wait_for(lambda: (counts()["waiting"], counts()["inFlight"]) == (0, 0), "the queue to be empty", 120)
    dead = [json.loads(body)["orderId"] for body in shop.queue.dead()]
    assert dead and set(dead) <= gone
    assert shop.worker.running and not shop.ids() & gone


def clients_come_back(shop: Shop, late: Client, gone: set[str]) -> None:
    base, token = shop.api.base, shop.early.tokens["token"]
    old = Client(base)
    expect_problem(old.get("/api/orders", token=token), 401, "token_invalid")
    old.email, late.base = shop.early.email, base
    old.login()
    placed = old.order(dict.fromkeys(PRODUCTS, 1))
    assert old.ended(placed.json()["orderId"])["status"] == "Processed"
    expect_problem(late.get("/api/orders"), 401, "token_invalid")
    assert late.register(late.email).get("/api/orders").json()["data"] == []
    assert again(shop, next(entry for entry in shop.log.entries if entry.get("orderId") in gone)) == 201


def again(shop: Shop, lost: Entry) -> int:
    """The customer of an order that is gone sends it once more, under the same key. Returns the answer."""
    emails = {entry["userId"]: entry["email"] for entry in shop.log.entries if entry["op"] == "user"}
    customer = Client(shop.api.base)
    customer.email = emails[lost["userId"]]
    answer = customer.login().order(lost["items"], key=lost["key"])
    assert "Idempotent-Replayed" not in answer.headers
    expect_problem(customer.get(f"/api/orders/{lost['orderId']}"), 404, "order_not_found")
    return answer.status_code
