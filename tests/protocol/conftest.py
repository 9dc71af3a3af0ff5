"""A database and a queue apart from those of the session, so that a test alone decides what happens."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from flask import Flask
from pymongo import MongoClient
from pymongo.database import Database

from config.resources import resources, resources_of
from models import indexes
from tests.support.fake_ses import FakeSes, ses_client
from tests.support.queues import Queue, make_queue
from tests.support.replaced import change_settings, replace_for_test
from tests.support.steered import Steered, app_with
from tests.support.system import QUICK
from utils import clock


@pytest.fixture(scope="session")
def sqs(settings: dict[str, str]) -> Any:
    """A client of the stack's SQS, to make queues and to look into them."""
    return boto3.client(
        "sqs",
        endpoint_url=settings["AWS_ENDPOINT_URL"],
        region_name=settings["AWS_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}),
    )


@pytest.fixture(scope="session")
def own_settings(settings: dict[str, str], sqs: Any) -> dict[str, str]:
    """The settings of the session, with a database and a queue that nobody else uses."""
    address = urlsplit(settings["MONGO_URI"])._replace(path=f"/steered_{uuid4().hex[:12]}")
    queue = sqs.create_queue(QueueName=f"steered-{uuid4().hex[:12]}")["QueueUrl"]
    return {**settings, "MONGO_URI": urlunsplit(address), "SQS_QUEUE_URL": queue}


@pytest.fixture(scope="session")
def steered_app(own_settings: dict[str, str]) -> Iterator[Flask]:
    """An app of its own in this process."""
    app = app_with({**own_settings, **QUICK, "LOG_LEVEL": "ERROR"})
    with app.app_context():
        indexes.create_all()
    yield app
    mongodb = resources_of(app).mongodb
    mongodb.client.drop_database(mongodb.database.name)
    mongodb.client.close()


@pytest.fixture(scope="session")
def database(settings: dict[str, str]) -> Iterator[Database[dict[str, Any]]]:
    """A database of nobody's, as pymongo gives it, without any of the app's code."""
    with MongoClient[dict[str, Any]](settings["MONGO_URI"], tz_aware=True) as client:
        name = f"conformance_{uuid4().hex[:12]}"
        yield client[name]
        client.drop_database(name)


@pytest.fixture(scope="session")
def fake_ses() -> Iterator[FakeSes]:
    with FakeSes() as ses:
        yield ses


@pytest.fixture(scope="session")
def ses(steered_app: Flask, fake_ses: FakeSes) -> Any:
    """The app's client of SES, with the address changed."""
    return ses_client(resources_of(steered_app).ses, fake_ses.url)


@pytest.fixture
def steered(
    steered_app: Flask, fake_ses: FakeSes, ses: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Steered]:
    """An empty database, a clock that stands still until it is moved, and a mail server that obeys."""
    for name in ("orders", "inventories", "users"):
        resources_of(steered_app).mongodb.database[name].delete_many({})
    fake_ses.forget()
    replace_for_test(monkeypatch, steered_app, ses=ses)
    with steered_app.app_context():
        made = Steered(steered_app, fake_ses)
        clock.use(lambda: made.now)
        try:
            yield made
        finally:
            clock.use(None)


@pytest.fixture
def queue(steered: Steered, sqs: Any, monkeypatch: pytest.MonkeyPatch) -> Queue:
    """A fresh queue, to which the app in this process sends from now on."""
    resources().queue_publisher.drain(60)
    made = make_queue(sqs)
    change_settings(monkeypatch, steered.app, sqs_queue_url=made.url)
    return made
