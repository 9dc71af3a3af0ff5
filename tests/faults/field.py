"""The field of the fault tests: the local stack, a database of one's own, and processes started by hand."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import boto3
from botocore.config import Config
from pymongo import MongoClient

from local_stack.probes import free_port
from local_stack.processes import Process
from local_stack.programs import ROOT, clean_environment, is_alive, python
from local_stack.stack import LocalStack
from tests.faults.bank import Bank
from tests.faults.faulty_ses import FaultySes
from tests.faults.shopper import Log
from tests.support.system import QUICK
from tests.support.waiting import wait_for

# Recovery in seconds; claims of 60 s and 120 s are no settings, see time_travel.py.
_SWIFT = {
    **QUICK,
    "SWEEP_SECONDS": "0.1",
    "AUDIT_SECONDS": "0.2",
    "MAIL_RETRY_SECONDS": "0.2",
    "WORKER_GRACE_SECONDS": "10",
}

PRICE = 19.99  # of everything


class Field:
    """A database, a queue and an SES of its own on a stack that others use too."""

    def __init__(self, stack: LocalStack, directory: Path, ses: FaultySes) -> None:
        self.stack, self.directory, self.ses = stack, directory, ses
        directory.mkdir(parents=True, exist_ok=True)
        self.sqs = _sqs(stack.settings)
        self.bank = Bank(directory / "bank")
        self._children: list[Process] = []
        name = f"faults_{uuid4().hex[:12]}"
        self.settings = self._settings(name)
        self.mongo: MongoClient[dict[str, Any]] = MongoClient(self.settings["MONGO_URI"], tz_aware=True)
        self.database = self.mongo[name]
        seed = clean_environment({**self.settings, **_SWIFT})
        subprocess.run([sys.executable, "-m", "local_stack.seed"], cwd=ROOT, env=seed, check=True)

    def _settings(self, database: str) -> dict[str, str]:
        """What each process must know. SES and SQS have an address each, which boto3 reads by itself."""
        known = {**self.stack.configured, **self.stack.settings}
        uri = urlunsplit(urlsplit(known["MONGO_URI"])._replace(path=f"/{database}"))
        aws = known.pop("AWS_ENDPOINT_URL")
        ends = {"AWS_ENDPOINT_URL_SQS": aws, "AWS_ENDPOINT_URL_SES": self.ses.url}
        own = {"SQS_QUEUE_URL": self.make_queue(), "BANK": str(self.directory / "bank")}
        return {**known, "MONGO_URI": uri, **ends, **own}

    @property
    def mongo_port(self) -> int:
        """MongoDB's, on this machine: the local stack's, or that of MONGO_URI."""
        return urlsplit(self.settings["MONGO_URI"]).port or 27017

    def make_queue(self) -> str:
        """A fresh queue's URL."""
        url: str = self.sqs.create_queue(QueueName=f"faults-{uuid4().hex[:12]}")["QueueUrl"]
        return url

    def ring(self, queue: str, order_id: str) -> None:
        """Ring for an order, as the API does."""
        self.sqs.send_message(QueueUrl=queue, MessageBody=f'{{"orderId": "{order_id}"}}')

    def api(self, name: str, **overrides: str) -> "Api":
        """An API process, started and listening."""
        port = {"PORT": str(free_port())}
        return Api(self._child(["-m", "tests.faults.launch", "web"], name, {**port, **overrides})).start()

    def worker(self, name: str, **overrides: str) -> Process:
        """A worker process, started."""
        return self._child(["-m", "tests.faults.launch", "worker"], name, overrides).start()

    def gunicorn(self, name: str, **overrides: str) -> "Api":
        """As `api`, under gunicorn, as in production."""
        port = {"PORT": str(free_port()), "WEB_CONCURRENCY": "1"}
        return Api(self._child(["-m", "gunicorn", "wsgi:app"], name, {**port, **overrides})).start()

    def log(self, name: str) -> Log:
        return Log(self.directory / f"{name}.jsonl")

    def add_product(self, log: Log, product_id: str, stock: int) -> None:
        """Deliver a product to the shop."""
        books = {"stock": stock, "received": stock, "sold": 0, "holds": []}
        self.database["inventories"].insert_one({"productId": product_id, "price": PRICE, **books})
        log.add("stock", productId=product_id, stock=stock, price=PRICE)

    def _child(self, arguments: list[str], name: str, overrides: Mapping[str, str]) -> Process:
        environment = clean_environment({**self.settings, **_SWIFT, **overrides})
        child = python(arguments, environment, self.directory / f"{name}.log")
        self._children.append(child)
        return child

    def close(self) -> None:
        """End all processes that were started here, and leave."""
        for child in self._children:
            end(child)
        self.mongo.close()


def end(child: Process) -> None:
    """Kill it, unless it is dead: its process id may be somebody else's by now."""
    if child.running:
        child.kill()


class Api:
    """A single process that serves the API."""

    def __init__(self, child: Process) -> None:
        self.child = child
        self.base = f"http://127.0.0.1:{child.environment['PORT']}"

    def start(self) -> "Api":
        self.child.start()
        wait_for(self.listens, "the API to listen")
        return self

    def listens(self) -> bool:
        assert self.child.running, self.child.output()
        return is_alive(int(self.child.environment["PORT"]))


def _sqs(known: Mapping[str, str]) -> Any:
    return boto3.client(
        "sqs",
        endpoint_url=known["AWS_ENDPOINT_URL"],
        region_name=known["AWS_REGION"],
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(proxies={}),
    )


@contextmanager
def running_field(stack: LocalStack, directory: Path, seed: int = 0) -> Iterator[Field]:
    """A field, with its own fake SES."""
    with ExitStack() as parts:
        ses = parts.enter_context(FaultySes(seed))
        field = Field(stack, directory, ses)
        parts.callback(field.close)
        yield field
