"""/livez and /readyz."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from flask import Flask
from pymongo import MongoClient
from pymongo.monitoring import CommandListener

from models import indexes
from services.probes import Probes
from tests.api.conftest import Mongo, StartApi
from tests.support.client import Client, expect_problem
from tests.support.replaced import bound_to, replace_for_test

UP = {"mongodb": "up", "redis": "up", "sqs": "up"}


@pytest.fixture(scope="module")
def api_without_sqs(start_api: StartApi, closed_port: int) -> Iterator[str]:
    """An API whose queue is gone."""
    aws = f"http://127.0.0.1:{closed_port}"
    with start_api("without-sqs", AWS_ENDPOINT_URL=aws, SQS_QUEUE_URL=f"{aws}/000000000000/orders") as base:
        yield base


@pytest.fixture(scope="module")
def api_alone(start_api: StartApi, closed_port: int) -> Iterator[str]:
    """An API that has nothing of what it needs."""
    aws = f"http://127.0.0.1:{closed_port}"
    with start_api(
        "alone",
        MONGO_URI=f"mongodb://127.0.0.1:{closed_port}/orders",
        REDIS_URI=f"redis://127.0.0.1:{closed_port}",
        AWS_ENDPOINT_URL=aws,
        SQS_QUEUE_URL=f"{aws}/000000000000/orders",
    ) as base:
        yield base


@pytest.fixture(scope="module")
def bare_api(start_api: StartApi, settings: Mapping[str, str]) -> Iterator[tuple[Client, Mongo]]:
    """An API on a database for which nobody ran `flask indexes create`, and that database."""
    name = f"bare_{uuid4().hex[:12]}"
    uri = urlunsplit(urlsplit(settings["MONGO_URI"])._replace(path=f"/{name}"))
    with (
        MongoClient[dict[str, Any]](uri, tz_aware=True) as client,
        start_api("bare", MONGO_URI=uri) as base,
    ):
        yield Client(base), client[name]
        client.drop_database(name)


def test_with_everything_there_it_is_ready(anyone: Client) -> None:
    answer = anyone.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "dependencies": UP})


def test_without_redis_it_is_degraded_and_still_ready(api_without_redis: str) -> None:
    answer = Client(api_without_redis).get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "degraded", "dependencies": {**UP, "redis": "down"}}


def test_without_mongodb_it_is_not_ready(api_without_mongo: str) -> None:
    problem = expect_problem(Client(api_without_mongo).get("/readyz"), 503, "service_unavailable")

    assert problem["dependencies"] == {**UP, "mongodb": "down"}
    assert "mongodb" in problem["detail"]
    assert "redis" not in problem["detail"] and "sqs" not in problem["detail"]


def test_without_its_queue_it_is_not_ready(api_without_sqs: str) -> None:
    problem = expect_problem(Client(api_without_sqs).get("/readyz"), 503, "service_unavailable")

    assert problem["dependencies"] == {**UP, "sqs": "down"}
    assert "sqs" in problem["detail"]


def test_it_names_all_that_is_down_and_is_alive_all_the_same(api_alone: str) -> None:
    alone = Client(api_alone)

    problem = expect_problem(alone.get("/readyz"), 503, "service_unavailable")

    assert problem["dependencies"] == dict.fromkeys(UP, "down")
    assert all(name in problem["detail"] for name in UP)
    assert (alone.get("/livez").status_code, alone.get("/livez").json()) == (200, {"status": "alive"})


def test_the_names_that_the_node_code_read_work(api_as_node_named_it: str) -> None:
    answer = Client(api_as_node_named_it).get("/readyz")

    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


def test_missing_indexes_are_named_and_the_vital_ones_are_a_503(
    bare_api: tuple[Client, Mongo], app: Flask
) -> None:
    """Without that on idempotency.id, two requests with one key would make two orders."""
    anyone, database = bare_api
    problem = expect_problem(anyone.get("/readyz"), 503, "service_unavailable")
    assert problem["dependencies"] == UP
    assert len(problem["missingIndexes"]) == sum(map(len, indexes.ALL.values()))
    assert {"orders.idempotency.id_1", "users.email_1"} <= set(problem["missingIndexes"])
    assert "orders.idempotency.id_1" in problem["detail"] and "flask indexes create" in problem["detail"]

    with bound_to(database.client, database):
        indexes.create_all()
        database["orders"].drop_index("nextActionAt_1")
    answer = anyone.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["missingIndexes"] == ["orders.nextActionAt_1"]

    with bound_to(database.client, database):
        indexes.create_all()
    assert anyone.get("/readyz").json() == {"status": "ready", "dependencies": UP}


VITAL = {"users.email_1", "orders.idempotency.id_1", "orders.orderId_1", "inventories.productId_1"}


@pytest.mark.parametrize("name", sorted(VITAL))
def test_without_an_index_that_correctness_needs_it_is_not_ready(
    bare_api: tuple[Client, Mongo], app: Flask, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Asked of a fresh process: one that has seen all of them looks again after a minute."""
    replace_for_test(monkeypatch, app, probes=Probes())
    _, database = bare_api
    collection, _, index = name.partition(".")
    with bound_to(database.client, database):
        indexes.create_all()
        database[collection].drop_index(index)
        answer = app.test_client().get("/readyz")

    assert (answer.status_code, answer.get_json()["missingIndexes"]) == (503, [name])


class Listings(CommandListener):
    """Counts how often MongoDB is asked for indexes."""

    count = 0

    def started(self, event: Any) -> None:
        self.count += event.command_name == "listIndexes"

    def succeeded(self, event: Any) -> None:
        """Of no interest."""

    def failed(self, event: Any) -> None:
        """Of no interest."""


def test_once_all_indexes_are_there_they_are_asked_for_once_a_minute(
    app: Flask, settings: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_for_test(monkeypatch, app, probes=Probes())
    listings = Listings()
    with (
        MongoClient[dict[str, Any]](settings["MONGO_URI"], event_listeners=[listings]) as client,
        bound_to(client, client.get_default_database()),
    ):
        answers = [app.test_client().get("/readyz").json for _ in range(3)]

    assert answers == [{"status": "ready", "dependencies": UP}] * 3
    assert listings.count == len(indexes.ALL)
