"""deploy/vercel: built by Vercel's own program, and called as the platform calls it."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
import requests
from botocore.config import Config

from local_stack.programs import ROOT
from tests.e2e.vercel import Build, Function
from tests.support.client import PASSWORD, Client
from tests.support.queues import Queue, make_queue
from tests.support.system import running_worker

# What its user sets in Vercel's console.
NEEDED = (
    *("MONGO_URI", "JWT_SECRET", "REDIS_HOST", "REDIS_PORT", "AWS_REGION", "AWS_ACCESS_KEY_ID"),
    *("AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "SES_EMAIL"),
)
LOGINS_A_MINUTE = 60


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return Build(tmp_path_factory.mktemp("vercel"))


@pytest.fixture(scope="module")
def queue(settings: dict[str, str]) -> Queue:
    sqs = boto3.client(
        "sqs",
        endpoint_url=settings["AWS_ENDPOINT_URL"],
        region_name=settings["AWS_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}),
    )
    return make_queue(sqs)


@pytest.fixture(scope="module")
def given(settings: dict[str, str], queue: Queue) -> dict[str, str]:
    own = {"SQS_QUEUE_URL": queue.url, "BCRYPT_COST": "4"}
    return {**{name: settings[name] for name in NEEDED}, **own}


@contextmanager
def instance(build: Build, given: dict[str, str], home: Path) -> Iterator[Function]:
    function = Function(build, given, home)
    try:
        yield function
    finally:
        function.stop()


@pytest.fixture(scope="module")
def function(
    build: Build, given: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Function]:
    with instance(build, given, tmp_path_factory.mktemp("instance")) as running:
        yield running


def test_the_function_holds_the_program_with_all_that_it_needs_and_no_tests(build: Build) -> None:
    files = build.files()
    lock = (ROOT / "deploy/containers/requirements.lock").read_text()
    locked = {(name.replace("-", "_"), version) for name, version in re.findall(r"^(\S+)==(\S+)", lock, re.M)}
    packages = set(
        re.findall(r"^_vendor/([^/]+)-([^-/]+)\.dist-info/METADATA$", "\n".join(sorted(files)), re.M)
    )

    assert {
        "wsgi.py",
        "routes/order_routes.py",
        "_vendor/flask/app.py",
        "_vendor/werkzeug/serving.py",
    } <= files
    first = {name.partition("/")[0] for name in files}
    assert not first & {"tests", "local_stack", "deploy", "docs", "examples", "benchmarks", ".git", ".env"}
    assert {name.lower() for name, _ in packages - locked} == {"pip", "vercel_runtime"}


def test_all_paths_lead_to_it(build: Build) -> None:
    routes = json.loads((build.output / "config.json").read_text())["routes"]
    (only,) = [path.name for path in (build.output / "functions").iterdir()]

    after_files = routes[routes.index({"handle": "filesystem"}) + 1 :]
    assert (after_files[0]["src"], after_files[0]["dest"]) == ("/(.*)", f"/{only.removesuffix('.func')}")
    assert not list((build.output).glob("static/**/*"))
    assert build.config["runtime"] == "python3.12"


def test_an_orders_message_is_in_sqs_before_the_instance_may_be_frozen(
    function: Function, queue: Queue, product: Callable[..., str], given: dict[str, str], tmp_path: Path
) -> None:
    """Placed here, and processed by a worker that runs elsewhere."""
    user = function.client("203.0.113.1").register()
    items = {"items": [{"productId": product(5), "quantity": 2}]}

    with function.frozen_after(lambda names: user.post("/api/orders", items, headers=names)) as placed:
        assert placed.status_code == 201, placed.text
        assert queue.waiting() == 1

    order_id = placed.json()["orderId"]
    with running_worker(given, tmp_path / "worker.log", SWEEP_SECONDS="3600"):
        assert user.ended(order_id)["status"] == "Processed", "which only the message can have begun"
    logged = function.logged()
    assert placed.headers["X-Request-Id"] in logged and "_failed" not in logged and "_down" not in logged


def test_what_does_not_hold_there_is_off(function: Function, product: Callable[..., str]) -> None:
    user = function.client("203.0.113.2").register()

    waited = user.post(
        "/api/orders",
        {"items": [{"productId": product(5), "quantity": 1}]},
        headers={"Prefer": "wait=20"},
    )

    assert (waited.status_code, waited.json()["status"]) == (201, "Pending")
    assert "Preference-Applied" not in waited.headers
    for path in ("/metrics", "/dev", "/dev/mailbox", "/dev/break"):
        assert requests.get(user.base + path, timeout=60).status_code == 404, path
    for path in ("/", "/livez", "/readyz", "/api/docs", "/api/openapi.json", "/problems"):
        assert user.get(path).status_code == 200, path


def log_in(client: Client) -> int:
    body = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
    return client.post("/api/auth/login", body, token="").status_code


def test_clients_are_told_apart_by_the_address_that_the_platform_says(function: Function) -> None:
    one, other = function.client("203.0.113.3"), function.client("203.0.113.4")

    assert [log_in(one) for _ in range(LOGINS_A_MINUTE + 1)] == [401] * LOGINS_A_MINUTE + [429]
    assert log_in(other) == 401


def test_the_platforms_own_region_does_not_pass_for_the_queues(
    build: Build, given: dict[str, str], tmp_path: Path
) -> None:
    of_aws = {**given, "SQS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/orders"}
    del of_aws["AWS_REGION"]

    with instance(build, of_aws, tmp_path) as function:
        assert function.process.wait(120) == 1
        assert (
            "SQS_QUEUE_URL: This queue is in eu-central-1, and AWS_REGION says" in function.process.output()
        )


def test_an_instance_writes_nothing_beside_its_code(build: Build, function: Function) -> None:
    """Only /tmp can be written to there."""
    before = build.files()
    user = function.client("203.0.113.5").register()
    assert user.get("/api/docs").status_code == 200

    assert build.files() == before
    assert not [name for name in before if "__pycache__" in name and not name.startswith("_vendor/")]
