"""One id from the client's request to the worker's log lines about its order."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.client import Client
from tests.support.waiting import wait_for


def _lines(log: Path, request_id: str) -> list[dict[str, Any]]:
    lines = [line for line in log.read_text().splitlines() if request_id in line]
    return [json.loads(line) for line in lines]


@pytest.mark.usefixtures("worker")
def test_the_request_id_of_an_order_is_in_the_log_lines_of_the_api_and_of_the_worker(
    user: Client, product: Callable[..., str], logs: Path
) -> None:
    request_id = f"test-{uuid4().hex}"
    body = {"items": [{"productId": product(1), "quantity": 1}]}

    answer = user.post("/api/orders", body, headers={"X-Request-Id": request_id})

    order_id = answer.json()["orderId"]
    (line,) = wait_for(lambda: _lines(logs / "api.log", request_id), "the API's line")
    assert (line["request_id"], line["route"], line["status"]) == (request_id, "/api/orders", 201)
    # Through the queue: the message carries the id.
    wait_for(lambda: len(_lines(logs / "worker.log", request_id)) >= 2, "the worker's lines")
    told = _lines(logs / "worker.log", request_id)
    assert {line["event"] for line in told} >= {"order_processed", "mail_sent"}
    assert all(line["order_id"] == order_id for line in told)
