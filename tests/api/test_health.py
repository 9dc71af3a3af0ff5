"""/livez and /readyz."""

from collections.abc import Iterator

import pytest

from tests.api.conftest import StartApi
from tests.support.client import Client, expect_problem

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
