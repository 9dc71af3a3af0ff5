"""Idempotency-Key where the index that makes it hold is missing: nobody is promised what would not hold."""

import time
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
import requests
from bson import ObjectId
from flask import Flask
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.monitoring import CommandListener

from config.resources import resources
from controllers.order_placement import NewOrder, place_order
from models import indexes, inventory, known_indexes
from models.known_indexes import KnownIndexes
from models.order import KEY_INDEX
from tests.support.client import Client, expect_problem
from tests.support.collections import orders
from tests.support.replaced import bound_to, replace_for_test
from tests.support.system import running_api
from tests.support.together import together

Mongo = Database[dict[str, Any]]
NAME = "idempotency.id_1"
NO_SUCH: Mapping[str, Mapping[str, Any] | None] = {
    "missing": None,
    "not unique": {"sparse": True},
    "of some orders": {"unique": True, "partialFilterExpression": {"status": "Pending"}},
}


class Listener(CommandListener):
    """Counts how often MongoDB is asked for indexes."""

    count = 0

    def started(self, event: Any) -> None:
        self.count += event.command_name == "listIndexes"

    def succeeded(self, event: Any) -> None:
        """Of no interest."""

    def failed(self, event: Any) -> None:
        """Of no interest."""


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def bare(settings: Mapping[str, str], listener: Listener) -> Iterator[Mongo]:
    """A database without any index."""
    uri = urlunsplit(urlsplit(settings["MONGO_URI"])._replace(path=f"/bare_{uuid4().hex[:12]}"))
    with MongoClient[dict[str, Any]](uri, tz_aware=True, event_listeners=[listener]) as client:
        yield client.get_default_database()
        client.drop_database(client.get_default_database().name)


@pytest.fixture
def known(app: Flask, bare: Mongo, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The app's own code on that database, once all indexes are there."""
    replace_for_test(monkeypatch, app, known_indexes=KnownIndexes())
    with bound_to(bare.client, bare):
        indexes.create_all()
        inventory.set_stock("p", stock=100, price=10)
        yield


def keys_hold() -> bool:
    return resources().known_indexes.has(orders(), KEY_INDEX)


def test_without_the_index_orders_with_a_key_are_refused_and_others_taken(
    app: Flask, bare: Mongo, settings: Mapping[str, str], logs: Any
) -> None:
    uri = urlunsplit(urlsplit(settings["MONGO_URI"])._replace(path=f"/{bare.name}"))
    with bound_to(bare.client, bare):
        inventory.set_stock("p", stock=100, price=10)
    with running_api(settings, logs / "bare-keys.log", MONGO_URI=uri, WEB_CONCURRENCY="2") as (base, _):
        user = Client(base).register()

        for answer in _twelve_at_once(user, "a key"):
            problem = expect_problem(answer, 503, "service_unavailable")
            assert "flask indexes create" in problem["detail"]
        assert bare["orders"].count_documents({}) == 0
        assert [user.order({"p": 1}).status_code for _ in range(2)] == [201, 201]

        with bound_to(bare.client, bare):
            indexes.create_all()
        answers = _twelve_at_once(user, "a key")

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert bare["orders"].count_documents({"idempotency": {"$exists": True}}) == 1


@pytest.mark.parametrize("options", NO_SUCH.values(), ids=NO_SUCH)
@pytest.mark.usefixtures("known")
def test_an_index_that_does_not_make_keys_hold_is_none(
    bare: Mongo, options: Mapping[str, Any] | None
) -> None:
    bare["orders"].drop_index(NAME)
    if options is not None:
        bare["orders"].create_index("idempotency.id", **options)

    assert not keys_hold()


@pytest.mark.usefixtures("known")
def test_that_it_is_gone_is_noticed_within_half_a_minute(
    bare: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(known_indexes, "time", SimpleNamespace(monotonic=lambda: now))
    assert keys_hold()
    bare["orders"].drop_index(NAME)

    now += 29
    assert keys_hold(), "it is remembered"
    now += 1
    assert not keys_hold()
    with bound_to(bare.client, bare):
        indexes.create_all()
    assert keys_hold(), "and when it is back, that is noticed at once"


@pytest.mark.usefixtures("known")
def test_in_the_good_case_an_order_asks_for_no_index(listener: Listener) -> None:
    before = listener.count
    for number in range(5):
        _place(f"key {number}")

    assert listener.count == before + 1, "once, and not for each"


@pytest.mark.usefixtures("known")
def test_an_order_without_a_key_does_not_ask_at_all(listener: Listener) -> None:
    before = listener.count
    _place(None)

    assert listener.count == before


def _place(key: str | None) -> None:
    place_order(NewOrder(ObjectId(), {"items": [{"productId": "p", "quantity": 1}]}, key, "x"))


def _twelve_at_once(user: Client, key: str) -> list[requests.Response]:
    def ask() -> requests.Response:
        again = Client(user.base)  # a connection of its own
        again.tokens = user.tokens
        return again.order({"p": 1}, key.replace(" ", "-"))

    asks: list[Callable[[], requests.Response]] = [ask] * 12
    return together(asks)
