"""Both systems on one local stack: this project's API and worker, and a Node deployment, at once."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from pymongo import MongoClient
from pymongo.database import Database

from local_stack.programs import ROOT, clean_environment
from tests.interop.peer import Hand, running_node
from tests.support.client import Client
from tests.support.queues import Queue, make_queue
from tests.support.system import QUICK, running_api, running_worker

Documents = Database[dict[str, Any]]


class Room(NamedTuple):
    """A database and a queue that nobody else uses, without any index yet."""

    settings: dict[str, str]
    database: Documents
    queue: Queue
    logs: Path

    def flask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One of this project's commands on it."""
        command = [sys.executable, "-m", "flask", *arguments]
        environment = clean_environment({**self.settings, **QUICK, "LOG_LEVEL": "ERROR"})
        return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)

    def stock(self, product_id: str) -> dict[str, Any]:
        found = self.database["inventories"].find_one({"productId": product_id})
        assert found is not None
        return found

    def order(self, order_id: str) -> dict[str, Any]:
        """An order as it stands in the database."""
        found = self.database["orders"].find_one({"orderId": order_id})
        assert found is not None
        return found


class Pair(NamedTuple):
    """Both systems in one room: the addresses of both APIs, and a hand at Node's console."""

    room: Room
    python: str
    node: str
    hand: Hand

    def customer(self) -> Client:
        """Someone with an account made here, logged in here."""
        return Client(self.python).register()

    def product(self, stock: int, **fields: Any) -> str:
        """A product that the Node deployment wrote."""
        product_id = f"SKU/{uuid4().hex[:12]}"
        fields = {"productId": product_id, "stock": stock, **fields}
        self.hand.do("create", model="Inventory", fields=fields)
        return product_id


@pytest.fixture(scope="session")
def new_room(settings: dict[str, str], logs: Path) -> Iterator[Callable[[], Room]]:
    sqs = boto3.client(
        "sqs",
        endpoint_url=settings["AWS_ENDPOINT_URL"],
        region_name=settings["AWS_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}),
    )
    with MongoClient[dict[str, Any]](settings["MONGO_URI"], tz_aware=True) as client:
        made: list[Documents] = []

        def make() -> Room:
            name = f"interop_{uuid4().hex[:12]}"
            address = urlunsplit(urlsplit(settings["MONGO_URI"])._replace(path=f"/{name}"))
            queue = make_queue(sqs)
            own = {"MONGO_URI": address, "SQS_QUEUE_URL": queue.url}
            made.append(client[name])
            return Room({**settings, **own}, client[name], queue, logs / name)

        yield make
        for database in made:
            client.drop_database(database.name)


@contextmanager
def both(room: Room) -> Iterator[Pair]:
    """Node came first: its indexes are made by mongoose, then ours. This project's worker is not started."""
    with (
        running_node("hand.js", room.settings, room.logs / "hand.log", "listening") as hand,
        running_node("server.js", room.settings, room.logs / "node.log", "listening") as node,
    ):
        assert Hand(hand).do("indexes") == {"User": None, "Order": None, "Inventory": None}
        made = room.flask("indexes", "create")
        assert made.returncode == 0, made.stdout + made.stderr
        with running_api(room.settings, room.logs / "api.log") as (python, _):
            yield Pair(room, python, node, Hand(hand))


@pytest.fixture(scope="session")
def pair(new_room: Callable[[], Room]) -> Iterator[Pair]:
    """Both at once, with this project's worker."""
    room = new_room()
    with both(room) as pair, running_worker(room.settings, room.logs / "worker.log", AUDIT_SECONDS="1"):
        yield pair


@pytest.fixture(scope="session")
def without_worker(new_room: Callable[[], Room]) -> Iterator[Pair]:
    """Both APIs, and no worker but those that a test starts."""
    with both(new_room()) as pair:
        yield pair
