"""Change without downtime, as docs/DEPLOY.md has it, while customers order: nothing fails, nothing is lost.

One story, since what is changed first must go on through all that comes after it.
"""

import re
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from signal import SIGHUP, SIGTTIN, SIGTTOU
from typing import Any

import jwt
import pytest
import requests
from dotenv import dotenv_values
from pymongo import MongoClient

from local_stack.processes import Process
from tests.e2e.customers import Customers
from tests.e2e.ec2 import Installation, nginx, own_settings
from tests.e2e.programs import install_if_missing
from tests.support.waiting import wait_for

PRODUCTS = [f"p-change-{n}" for n in range(4)]
STOCK = 100_000
NEXT_SECRET = "8d1f4c72" * 8
WEB, WORKER = "orders-web.service", "orders-worker.service"


class Shop:
    """One machine: nginx, the socket that systemd keeps open, the API and workers behind it."""

    def __init__(self, installed: Installation, listening: socket.socket) -> None:
        self.installed, self._listening = installed, listening
        self.web = installed.activated_web(listening)
        self.worker = installed.started(WORKER)
        self.workers, self.webs = [self.worker], [self.web]

    def close(self) -> None:
        for process in (*self.webs, *self.workers):
            process.kill()

    def count(self, words: str) -> int:
        """How often the API has logged that."""
        assert self.web.running, self.web.output()
        return self.web.output().count(words)

    def scale(self, by: int) -> None:
        """Processes of the API, by gunicorn's own signals."""
        words = "Booting worker" if by > 0 else "Worker exiting"
        for _ in range(abs(by)):
            before = self.count(words)
            self.web.send(SIGTTIN if by > 0 else SIGTTOU)
            self.await_more(words, before)

    def await_more(self, words: str, than: int) -> None:
        wait_for(lambda: self.count(words) > than, words)

    def reload(self, **settings: str) -> None:
        """Until the old processes of the API are gone."""
        self.installed.set(**settings)
        booted = self.count("Booting worker")
        done = self.installed.reload(self.web)
        assert done.returncode == 0, done.stdout + done.stderr
        self.await_reload(booted)

    def await_reload(self, booted: int) -> None:
        wait_for(lambda: self.count("Booting worker") >= booted + 2, "new processes")
        wait_for(lambda: self.count("Worker exiting") >= booted, "the old ones to end")

    def mailed(self) -> list[str]:
        """Of each mail that SES took, the order it is about."""
        url = dotenv_values(self.installed.settings_file)["MAILBOX_URL"] or ""
        by_account = requests.get(url, timeout=60).json()["messages"]
        subjects = [mail["Subject"] for mails in by_account.values() for mail in mails]
        return [
            found[1] for found in map(re.compile(r"Order (\S+) Status Update").fullmatch, subjects) if found
        ]

    def restart_web(self) -> None:
        """`systemctl restart orders-web`: requests wait in the socket meanwhile."""
        assert self.web.stop(60) == 0, self.web.output()
        self.start_web()

    def start_web(self) -> Process:
        """Beside the one that runs, if it still does, as on a second machine. Returns that one."""
        before, self.web = self.web, self.installed.activated_web(self._listening)
        self.webs.append(self.web)
        return before

    def start_worker(self) -> Process:
        """Beside the one that runs, as on a second machine. Returns that one."""
        before, self.worker = self.worker, self.installed.started(WORKER)
        self.workers.append(self.worker)
        wait_for(lambda: "order_processed" in self.worker.output(), "it to have orders of its own")
        return before


@pytest.fixture
def installed(settings: dict[str, str], tmp_path: Path) -> Installation:
    install_if_missing("nginx", "nginx-light")
    install_if_missing("systemd-socket-activate", "systemd")
    own = {"RATELIMIT_ENABLED": "false", "MAILS_WAITING_PER_USER": "100000", "LOG_FORMAT": "json"}
    installation = Installation(tmp_path, {**own_settings(settings, "change"), **own})
    installation.flask("indexes", "create")
    for product_id in PRODUCTS:
        installation.flask("inventory", "set", product_id, "--stock", str(STOCK), "--price", "5")
    return installation


@pytest.fixture
def database(installed: Installation) -> Iterator[Any]:
    uri = dotenv_values(installed.settings_file)["MONGO_URI"]
    with MongoClient[dict[str, Any]](uri, tz_aware=True) as client:
        yield client.get_default_database()
        client.drop_database(client.get_default_database().name)


@contextmanager
def open_shop(installed: Installation) -> Iterator[tuple[Shop, str]]:
    """With the address of nginx."""
    with socket.socket(socket.AF_UNIX) as listening, ExitStack() as stack:
        listening.bind(str(installed.run / "web.sock"))
        listening.listen(2048)
        shop = Shop(installed, listening)
        stack.callback(shop.close)
        port = stack.enter_context(nginx(installed, installed.run / "web.sock"))
        assert "gunicorn" not in shop.web.output(), "it starts with the first request"
        assert requests.get(f"http://127.0.0.1:{port}/livez", timeout=60).status_code == 200
        yield shop, f"http://127.0.0.1:{port}"


def test_nothing_fails_and_nothing_is_lost_while_everything_is_changed(
    installed: Installation, database: Any
) -> None:
    old = installed.app
    secret = dotenv_values(installed.settings_file)["JWT_SECRET"] or ""
    with open_shop(installed) as (shop, base), Customers(base, PRODUCTS, secret) as customers:
        customers.go_on()
        shop.scale(+2)
        customers.go_on()
        shop.scale(-2)
        customers.go_on()

        deploy(shop, customers)
        new_settings(shop, customers)
        wrong_settings(shop, customers)
        rotate_the_secret(shop, customers, secret)
        go_back(shop, customers, old)
        customers.leave()
        at_the_end(shop, customers, database)


def deploy(shop: Shop, customers: Customers) -> None:
    """A version in a folder of its own, which wants an index more. Its worker begins beside the old one.

    Of the local stack's database: it writes nothing else while it makes an index, 1 ms for each order.
    """
    shop.installed.install_beside("orders-2", as_version_2)
    customers.go_on()
    assert "orders.updatedAt_1: made" in shop.installed.flask("indexes", "create")
    customers.go_on()
    assert version(customers) == "1.0.0"

    old_worker = shop.start_worker()
    customers.go_on()
    assert old_worker.stop(60) == 0, old_worker.output()
    shop.restart_web()
    customers.go_on()
    assert version(customers) == "2.0.0"


def as_version_2(app: Path) -> None:
    for name, old, new in (
        ("openapi/document.py", '"1.0.0"', '"2.0.0"'),
        ("models/order.py", 'Index(("userId", "_id")),', 'Index(("userId", "_id")), Index(("updatedAt",)),'),
    ):
        text = (app / name).read_text()
        assert text.count(old) == 1
        (app / name).write_text(text.replace(old, new))


def version(customers: Customers) -> str:
    return str(customers.all[0].client.get("/api/openapi.json").json()["info"]["version"])


def new_settings(shop: Shop, customers: Customers) -> None:
    shop.reload(CURRENCY="EUR")
    customers.go_on()
    assert newest_order(customers)["currency"] == "EUR"


def newest_order(customers: Customers) -> dict[str, Any]:
    order: dict[str, Any] = customers.all[0].client.get("/api/orders?limit=1").json()["data"][0]
    return order


def wrong_settings(shop: Shop, customers: Customers) -> None:
    """`systemctl reload` refuses them; a SIGHUP by hand changes nothing."""
    shop.installed.set(SWEEP_SECONDS="never", WEB_CONCURRENCY="none")
    done = shop.installed.reload(shop.web)
    assert done.returncode != 0
    assert "SWEEP_SECONDS: " in done.stderr and "WEB_CONCURRENCY: " in done.stderr
    assert shop.count("Handling signal: hup") == 1, "it was not even told"

    booted = shop.count("Booting worker")
    shop.web.send(SIGHUP)
    shop.await_reload(booted)
    customers.go_on()
    shop.reload(SWEEP_SECONDS="0.5", WEB_CONCURRENCY="2")
    customers.go_on()


def rotate_the_secret(shop: Shop, customers: Customers, secret: str) -> None:
    shop.reload(JWT_OTHER_SECRET=NEXT_SECRET)
    customers.go_on()
    shop.reload(JWT_SECRET=NEXT_SECRET, JWT_OTHER_SECRET=secret)
    customers.go_on(rounds=8)
    jwt.decode(customers.all[0].client.tokens["token"], NEXT_SECRET, algorithms=["HS256"])


def go_back(shop: Shop, customers: Customers, app: Path) -> None:
    """To the version before; both serve for a while, as on two machines that are changed one by one."""
    shop.installed.app = app
    shop.installed.install()
    new_web, new_worker = shop.start_web(), shop.start_worker()
    wait_for(lambda: shop.count('"event": "request"') > 20, "requests at the version before")
    customers.go_on()
    assert new_worker.stop(60) == 0 and new_web.stop(60) == 0
    customers.go_on()
    assert version(customers) == "1.0.0"


def at_the_end(shop: Shop, customers: Customers, database: Any) -> None:
    orders = database["orders"]
    wait_for(lambda: not orders.count_documents({"nextActionAt": {"$exists": True}}), "all to be done")
    placed = {order["orderId"]: order for order in orders.find()}
    assert placed.keys() == customers.orders
    assert Counter(order["status"] for order in placed.values()) == {"Processed": len(placed)}
    mailed = Counter(
        order_id for order_id in shop.mailed() if order_id in placed
    )  # the stack's SES has others
    assert mailed == dict.fromkeys(customers.orders, 1)
    books = list(database["inventories"].find())
    assert sum(product["sold"] for product in books) == len(placed)
    assert {product["stock"] + product["sold"] for product in books} == {STOCK}
    assert shop.installed.flask("audit", "--full") == "All is well.\n"
    assert customers.wrong == []
