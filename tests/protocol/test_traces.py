"""Traces by OpenTelemetry: one for an order, whoever works on it; and nothing where nobody asked for them."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from local_stack import aws_faults
from local_stack.programs import ROOT, clean_environment
from tests.support.client import PASSWORD, Client
from tests.support.gate import STEP, begun, make_deadly, make_harmless, open_gate
from tests.support.queues import Queue, make_queue
from tests.support.steered import Steered
from tests.support.system import running_api, running_worker
from tests.support.traces import Receiver, receiving
from tests.support.waiting import wait_for

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SOON = {
    "SWEEP_SECONDS": "0.1",
    "RING_SECONDS": "0.5",
    "MAIL_RETRY_SECONDS": "0.5",
    "OTEL_BSP_SCHEDULE_DELAY": "50",
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


@pytest.fixture
def traced(own_settings: dict[str, str], sqs: Any, receiver: Receiver) -> dict[str, str]:
    """Settings of an API and workers that send their traces to the receiver."""
    queue = make_queue(sqs).url
    return {
        **own_settings,
        **SOON,
        "SQS_QUEUE_URL": queue,
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        "WEB_CONCURRENCY": "1",
    }


def place(base: str, steered: Steered, **headers: str) -> tuple[Client, str]:
    client = Client(base).register()
    items = [{"productId": steered.product(5), "quantity": 1}]
    answer = client.post("/api/orders", {"items": items}, headers=headers)
    assert answer.status_code == 201, answer.text
    return client, answer.json()["orderId"]


def names_of(receiver: Receiver, order_id: str) -> set[tuple[str, str]]:
    return {(span.service, span.name) for span in receiver.of_order(order_id)}


def await_spans(receiver: Receiver, order_id: str, wanted: set[tuple[str, str]]) -> None:
    """All of them in one trace."""
    wait_for(lambda: names_of(receiver, order_id) >= wanted, f"the spans {wanted}")
    assert len({span.trace_id for span in receiver.of_order(order_id)}) == 1


POSTED, RUNG = ("orders-api", "POST /api/orders"), ("orders-api", "ring")
ADVANCED, STEPPED, MAILED = ("orders-worker", "advance"), ("orders-worker", "step"), ("orders-worker", "mail")


def test_one_trace_leads_from_the_request_through_queue_and_worker_to_the_mail(
    traced: dict[str, str], receiver: Receiver, steered: Steered, tmp_path: Path
) -> None:
    with running_api(traced, tmp_path / "api.log") as (base, _), running_worker(traced, tmp_path / "w.log"):
        client, order_id = place(base, steered, traceparent=TRACEPARENT)
        await_spans(receiver, order_id, {POSTED, RUNG, ADVANCED, MAILED})

        assert {span.trace_id for span in receiver.of_order(order_id)} == {TRACEPARENT.split("-")[1]}
        shown = client.get(f"/api/orders/{order_id}").text + client.get(f"/api/orders/{order_id}/events").text
        assert "traceparent" not in shown and "4bf92f35" not in shown
        assert client.get("/livez").status_code == 200
        client.get("/api/orders?limit=1")
        wait_for(lambda: "GET /api/orders" in {span.name for span in receiver.spans}, "the last request")
    assert not [span for span in receiver.spans if "livez" in span.name]
    told = repr(receiver.spans)
    assert PASSWORD not in told and client.email not in told and client.tokens["token"] not in told


def test_a_second_worker_goes_on_with_the_trace_after_a_first_was_killed(
    traced: dict[str, str], receiver: Receiver, steered: Steered, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    gate.mkdir()
    make_deadly(gate)
    stepping = {**traced, "FULFILMENT": STEP, "GATE": str(gate), "FULFILMENT_LEASE_SECONDS": "1"}
    with running_api(traced, tmp_path / "api.log") as (base, _):
        with running_worker(stepping, tmp_path / "first.log") as first:
            _, order_id = place(base, steered)
            wait_for(lambda: begun(gate) and not first.running, "the step to kill its worker")
        make_harmless(gate)
        open_gate(gate)
        with running_worker(stepping, tmp_path / "second.log"):
            await_spans(receiver, order_id, {POSTED, ADVANCED, STEPPED, MAILED})


def test_swept_orders_and_swept_mails_are_in_the_trace_too(
    traced: dict[str, str], receiver: Receiver, steered: Steered, settings: dict[str, str], tmp_path: Path
) -> None:
    """The API rings in vain; SES takes the mail at the second time alone."""
    silent = {**traced, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    with running_api(silent, tmp_path / "api.log") as (base, _), running_worker(traced, tmp_path / "w.log"):
        set_ses(settings, "down")
        try:
            _, order_id = place(base, steered)
            wait_for(lambda: ("orders-worker", "mail") in names_of(receiver, order_id), "the first try")
        finally:
            set_ses(settings, None)
        wait_for(lambda: mails(receiver, order_id) >= 2, "the second")
        await_spans(receiver, order_id, {POSTED, RUNG, ADVANCED, MAILED})


def mails(receiver: Receiver, order_id: str) -> int:
    return sum(span.name == "mail" for span in receiver.of_order(order_id))


def set_ses(settings: Mapping[str, str], wrong: str | None) -> None:
    url, body = settings["AWS_ENDPOINT_URL"] + aws_faults.PATH, json.dumps({"ses": wrong}).encode()
    with urlopen(Request(url, body, method="PUT"), timeout=10):
        pass


def run_python(code: str, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    command, environment = [sys.executable, "-c", code], clean_environment(settings)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_without_the_setting_nothing_is_traced_nor_imported(own_settings: dict[str, str]) -> None:
    """Hidden, as if it was not installed: redis-py has a look at it, too, and does without."""
    hide = "import sys; sys.modules['opentelemetry'] = None; import wsgi; print('utils.spans' in sys.modules)"
    run = run_python(hide, own_settings)
    assert run.stdout == "False\n", run.stderr


def test_the_setting_without_the_packages_says_what_to_install(own_settings: dict[str, str]) -> None:
    hide = "import sys; sys.modules['opentelemetry'] = None; import wsgi"
    settings = {**own_settings, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    run = run_python(hide, settings)
    assert run.returncode != 0
    assert "OTEL_EXPORTER_OTLP_ENDPOINT: OpenTelemetry is not installed" in run.stderr


@pytest.mark.parametrize("how", ["hangs", "is gone"])
def test_a_receiver_that_does_not_answer_holds_nothing_up(
    traced: dict[str, str], receiver: Receiver, steered: Steered, tmp_path: Path, how: str
) -> None:
    receiver.hangs.set()
    settings = traced if how == "hangs" else {**traced, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    with (
        running_api(settings, tmp_path / "api.log") as (base, api),
        running_worker(settings, tmp_path / "w.log") as worker,
    ):
        client, order_id = place(base, steered)
        assert client.ended(order_id)["status"] == "Processed"
        began = time.monotonic()
        assert (worker.stop(60), api.stop(60)) == (0, 0)
        assert time.monotonic() - began < 45, "much less than the time-out of an export for each of both"


def test_an_odd_traceparent_of_another_program_costs_nothing(
    traced: dict[str, str], receiver: Receiver, steered: Steered, sqs: Any, tmp_path: Path
) -> None:
    zeros = f"00-{'0' * 32}-{'0' * 16}-01"
    odd = [None, 7, "", "no traceparent", zeros, {"a": 1}, "x" * 100_000]
    order_ids = [steered.place(steered.user(), {steered.product(5): 1}) for _ in odd]
    for order_id, value in zip(order_ids, odd, strict=True):
        change = {"$set": {"history.0.traceparent": value}}
        steered.database["orders"].update_one({"orderId": order_id}, change)
        Queue(sqs, traced["SQS_QUEUE_URL"], "").ring(order_id)
    with running_worker(traced, tmp_path / "worker.log"):
        processed = {"orderId": {"$in": order_ids}, "status": "Processed"}
        wait_for(lambda: steered.database["orders"].count_documents(processed) == len(odd), "the orders")
        wait_for(lambda: all(names_of(receiver, order_id) for order_id in order_ids), "spans of their own")
