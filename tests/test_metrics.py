"""/metrics, and what a fault of ours looks like from outside."""

import re
from collections.abc import Callable
from pathlib import Path
from signal import SIGHUP

import pytest
from bson import ObjectId
from flask import Flask
from flask.testing import FlaskClient

from controllers import inventory_controller
from tests.support.client import Client
from tests.support.replaced import change_settings
from tests.support.system import running_api
from tests.support.waiting import wait_for


def _counted(client: Client, line: str) -> float:
    """The value of one line of /metrics; 0 while it is not there."""
    text = client.get("/metrics").text
    found = re.search(rf"^{re.escape(line)} ([\d.e+]+)$", text, re.M)
    return float(found.group(1)) if found else 0


def test_requests_and_orders_are_counted_by_route_and_event(
    user: Client, product: Callable[..., str]
) -> None:
    accepted = 'orders_total{event="accepted"}'
    created = 'http_request_seconds_count{method="POST",route="/api/orders",status="201",waited="no"}'
    before = _counted(user, accepted), _counted(user, created)

    order_id = user.order({product(5): 1}).json()["orderId"]

    # The processes of the API write their numbers to files that each of them reads.
    wait_for(lambda: (_counted(user, accepted), _counted(user, created)) >= (before[0] + 1, before[1] + 1))
    assert order_id not in user.get("/metrics").text


def test_after_a_reload_counters_go_on_and_no_directory_is_left_behind(
    settings: dict[str, str], logs: Path
) -> None:
    """SIGHUP, as `systemctl reload` sends it."""
    home = logs / "reload"
    line = 'http_request_seconds_count{method="GET",route="/livez",status="200",waited="no"}'
    with running_api(settings, home / "api.log") as (base, process):
        client = Client(base)
        for _ in range(10):
            client.get("/livez")
        wait_for(lambda: _counted(client, line) >= 10, "the requests to be counted")
        before, started = _counted(client, line), process.output().count("Booting worker")

        process.send(SIGHUP)
        wait_for(lambda: process.output().count("Booting worker") == 2 * started, "new processes")
        wait_for(lambda: process.output().count("Worker exiting") == started, "the old ones to end")

        assert _counted(client, line) >= before
        assert len(list(home.glob("metrics-*"))) == 1
        assert process.stop(60) == 0
    assert list(home.glob("metrics-*")) == []


def test_the_api_says_nothing_of_what_it_never_looks_at(anyone: Client) -> None:
    """A constant 0 would answer an alert that there are no dead letters, and that nothing is late."""
    assert not re.search(
        r"^(queue_messages|overdue_seconds|orders_in_state)", anyone.get("/metrics").text, re.M
    )


def test_requests_that_wait_for_an_order_are_counted_apart(user: Client, product: Callable[..., str]) -> None:
    """The seconds that a client asked to wait are no slowness of ours."""
    line = 'http_request_seconds_count{method="POST",route="/api/orders",status="201",waited="yes"}'
    before = _counted(user, line)

    body = {"items": [{"productId": product(5), "quantity": 1}]}
    assert user.post("/api/orders", body, headers={"Prefer": "wait=1"}).status_code == 201

    wait_for(lambda: _counted(user, line) == before + 1, "the request to be counted")


def test_what_becomes_of_reservations_and_of_reads_in_the_cache_is_counted(
    user: Client, product: Callable[..., str]
) -> None:
    lines = {
        f'{name}_total{{outcome="{outcome}"}}'
        for name, outcome in [
            ("reservations", "held"),
            ("reservations", "not_held"),
            ("reservations", "returned"),
            ("cache_reads", "hit"),
            ("cache_reads", "miss"),
        ]
    }
    before = {line: _counted(user, line) for line in lines}
    plenty, scarce = product(9), product(1)

    order_id = user.order({plenty: 1}).json()["orderId"]
    assert user.order({plenty: 1, scarce: 2}).status_code == 409  # the first of them is held, and given back
    for _ in range(3):
        user.get(f"/api/orders/{order_id}")
    assert user.get(f"/api/orders/{ObjectId()}").status_code == 404

    wait_for(lambda: all(_counted(user, line) > before[line] for line in lines), "all to be counted")


def test_metrics_are_closed_by_a_setting(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert app.test_client().get("/metrics").status_code == 200

    change_settings(monkeypatch, app, metrics=False)

    answer = app.test_client().get("/metrics")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


@pytest.fixture
def broken(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """The app with a mistake in it that no client can cause."""

    def mistaken(product_id: str) -> None:
        raise KeyError("the secret plan")

    monkeypatch.setattr(inventory_controller, "show", mistaken)
    return app.test_client()


def test_a_fault_of_ours_is_a_500_without_a_trace_of_it(broken: FlaskClient) -> None:
    answer = broken.get("/api/inventory/x")

    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["code"] == "internal_error"
    assert "secret plan" not in answer.text
    assert "Traceback" not in answer.text
