"""The fixtures: one stack and one system for the whole run, and the app's own code on the same database.

`MONGO_URI=mongodb://... make test` runs everything against another MongoDB, in a database of its own.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from dotenv import dotenv_values
from flask import Flask
from pymongo import MongoClient

import commands
from config.resources import resources_of
from local_stack.programs import ROOT, clean_environment
from local_stack.stack import LocalStack
from models import inventory
from server import create_app
from tests.support.client import Client
from tests.support.log_secrets import find_secrets_in
from tests.support.system import QUICK, running_api, running_worker

_FROM_OUTSIDE = ("MONGO_URI", "REDIS_HOST", "REDIS_PORT", "REDIS_URI")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The local stack's servers: those that the environment does not name. TEST_STACK names the stack.env of
    one that runs and has all of them; one run of the tests at a time may use it."""
    configured = {name: os.environ[name] for name in _FROM_OUTSIDE if os.environ.get(name)}
    if os.environ.get("TEST_STACK"):
        configured = {name: value or "" for name, value in dotenv_values(os.environ["TEST_STACK"]).items()}
    with LocalStack(tmp_path_factory.mktemp("stack"), configured) as running:
        yield running


@pytest.fixture(scope="session")
def settings(stack: LocalStack) -> Iterator[dict[str, str]]:
    """What the application must know, as environment variables. The database is made ready, and dropped."""
    known = {**stack.configured, **stack.settings}
    parts = urlsplit(known["MONGO_URI"])
    known["MONGO_URI"] = urlunsplit(parts._replace(path=f"/test_{uuid4().hex[:12]}"))
    environment = clean_environment({**known, **QUICK})
    subprocess.run([sys.executable, "-m", "local_stack.seed"], cwd=ROOT, env=environment, check=True)
    yield known
    with MongoClient[dict[str, object]](known["MONGO_URI"]) as client:
        client.drop_database(client.get_default_database().name)


@pytest.fixture(scope="session", autouse=True)
def no_secret_is_logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """At the end of the run, nothing secret may stand in any log of the application that it has left."""
    yield
    found = find_secrets_in(tmp_path_factory.getbasetemp())
    assert not found, found[:20]


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str]) -> Iterator[Path]:
    """Where the processes under test write: not their key either."""
    directory = tmp_path_factory.mktemp("application")
    yield directory
    found = find_secrets_in(directory, settings["JWT_SECRET"])
    assert not found, found[:20]


@pytest.fixture(scope="session")
def api(settings: dict[str, str], logs: Path) -> Iterator[str]:
    """The address of an API that runs through the whole session."""
    with running_api(settings, logs / "api.log") as (base, _):
        yield base


@pytest.fixture(scope="session")
def worker(settings: dict[str, str], logs: Path) -> Iterator[None]:
    """A worker that runs through the whole session. Tests that steer steps themselves do not ask for it, and
    take care of orders that it could see: those due, and those rung for."""
    with running_worker(settings, logs / "worker.log"):
        yield


@pytest.fixture
def anyone(api: str) -> Client:
    """A client without an account."""
    return Client(api)


@pytest.fixture
def user(api: str) -> Client:
    """A client with a fresh account, logged in."""
    return Client(api).register()


@pytest.fixture
def new_user(api: str) -> Callable[[], Client]:
    """Makes further accounts."""
    return lambda: Client(api).register()


@pytest.fixture(scope="session")
def own_app(settings: dict[str, str]) -> Iterator[Flask]:
    """The app's own code in this process, on the database of the API under test."""
    before = dict(os.environ)
    all_routes = {"BREAK_IT_URL": "http://127.0.0.1:1/unused"}
    os.environ.update({**settings, **QUICK, "LOG_LEVEL": "ERROR", **all_routes})
    try:
        app = create_app()
        commands.init_app(app)
    finally:
        os.environ.clear()
        os.environ.update(before)
    yield app
    resources_of(app).mongodb.client.close()


@pytest.fixture
def app(own_app: Flask) -> Iterator[Flask]:
    """Within the app's context: to call models and services by hand. Other settings for one test:
    `change_settings(monkeypatch, app, bcrypt_cost=5)`."""
    with own_app.app_context():
        yield own_app


@pytest.fixture
def product(app: Flask) -> Callable[..., str]:
    """Makes a product that no other test knows: `product(stock, price=None)` returns its id."""

    def make(stock: int, price: float | None = 10) -> str:
        product_id = f"p-{uuid4().hex[:16]}"
        inventory.set_stock(product_id, stock=stock, price=price)
        return product_id

    return make
