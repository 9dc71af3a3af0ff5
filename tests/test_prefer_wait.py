"""Prefer: wait (RFC 7240)."""

import threading
from collections.abc import Callable

import pytest

from tests.support.client import Client

WAIT = {"Prefer": "wait=20"}


@pytest.mark.usefixtures("worker")
def test_a_waiting_post_is_answered_with_the_ended_order(user: Client, product: Callable[..., str]) -> None:
    body = {"items": [{"productId": product(5), "quantity": 1}]}

    answer = user.post("/api/orders", body, headers=WAIT)

    assert answer.status_code == 201
    assert answer.json()["status"] == "Processed"
    assert answer.headers["Preference-Applied"] == "wait=20"
