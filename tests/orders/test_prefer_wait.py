"""Prefer: wait (RFC 7240): on POST and GET of orders, by announcement, with few places to wait."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from local_stack.probes import free_port
from tests.support.client import Client
from tests.support.collections import orders
from tests.support.node_app import node_order
from tests.support.system import running_api
from tests.support.waiting import wait_for

Product = Callable[..., str]


def _order(user: Client, product: Product) -> str:
    """Place an order for a fresh product."""
    answer = user.order({product(5): 1})
    assert answer.status_code == 201
    order_id: str = answer.json()["orderId"]
    return order_id


@pytest.mark.usefixtures("worker")
def test_a_waiting_post_is_answered_with_the_ended_order(user: Client, product: Product) -> None:
    body = {"items": [{"productId": product(5), "quantity": 1}]}

    answer = user.post("/api/orders", body, headers={"Prefer": "wait=20"})

    assert answer.status_code == 201
    assert answer.json()["status"] == "Processed"
    assert answer.headers["Preference-Applied"] == "wait=20"


@pytest.mark.usefixtures("worker")
def test_a_waiting_get_is_answered_with_the_ended_order(user: Client, product: Product) -> None:
    order_id = _order(user, product)

    answer = user.get(f"/api/orders/{order_id}", headers={"Prefer": "respond-async, wait=20"})

    assert answer.json()["status"] == "Processed"
    assert answer.headers["Preference-Applied"] == "wait=20"


def test_waiting_for_someone_elses_order_is_a_404(
    user: Client, new_user: Callable[[], Client], product: Product
) -> None:
    order_id = _order(user, product)

    assert new_user().get(f"/api/orders/{order_id}", headers={"Prefer": "wait=20"}).status_code == 404


@pytest.mark.parametrize("preference", ["wait", "wait=soon", "wait=-1", "wait=0", "return=minimal", ""])
def test_a_preference_that_says_nothing_is_ignored(user: Client, product: Product, preference: str) -> None:
    order_id = _order(user, product)

    answer = user.get(f"/api/orders/{order_id}", headers={"Prefer": preference})

    assert answer.status_code == 200
    assert "Preference-Applied" not in answer.headers


@pytest.fixture(scope="module")
def lonely(settings: dict[str, str], logs: Path) -> Iterator[str]:
    """An API that rings in vain, so that its orders stay Pending; with two places to wait."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    changes = {"AWS_ENDPOINT_URL": nowhere, "RING_SECONDS": "600", "MAX_WAITERS": "2", "WEB_CONCURRENCY": "1"}
    with running_api(settings, logs / "lonely.log", **changes) as (base, _):
        yield base


def test_when_the_time_is_over_the_order_is_told_as_it_stands(lonely: str, product: Product) -> None:
    user = Client(lonely).register()
    order_id = _order(user, product)

    answer = user.get(f"/api/orders/{order_id}", headers={"Prefer": "wait=1"})

    assert answer.json()["status"] == "Pending"
    assert answer.headers["Preference-Applied"] == "wait=1"


def test_past_the_places_to_wait_clients_are_answered_at_once_and_a_cancel_wakes_the_waiting(
    lonely: str, product: Product
) -> None:
    user = Client(lonely).register()
    order_id = _order(user, product)

    def look(seconds: int) -> requests.Response:
        client = Client(lonely)  # a connection of its own
        client.tokens = user.tokens
        return client.get(f"/api/orders/{order_id}", headers={"Prefer": f"wait={seconds}"})

    def stay() -> requests.Response:
        """Wait for the end, and ask again as long as the main thread has the place."""
        while True:
            answer = look(20)
            if answer.json()["status"] != "Pending":
                return answer

    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(stay) for _ in range(2)]
        turned_away = wait_for(lambda: _without_wait(look(1)), "both places to be taken")
        assert turned_away.status_code == 200
        assert user.get("/livez").status_code == 200
        assert user.post(f"/api/orders/{order_id}/cancel").status_code == 200
        woken = [future.result() for future in waiting]

    assert [answer.json()["status"] for answer in woken] == ["Failed", "Failed"]
    assert all(answer.headers["Preference-Applied"] == "wait=20" for answer in woken)


@pytest.mark.parametrize("by", ["the orderId in upper case", "the _id of an order of the Node app"])
def test_whichever_way_the_id_is_written_the_end_wakes_the_waiting(
    lonely: str, product: Product, by: str
) -> None:
    user = Client(lonely).register()
    if by.startswith("the orderId"):
        order_id = _order(user, product)
        written = order_id.upper()
    else:
        node = node_order(user.user_id)
        orders().insert_one(node)
        order_id, written = node["orderId"], str(node["_id"])

    def look(seconds: int) -> requests.Response:
        client = Client(lonely)
        client.tokens = user.tokens
        return client.get(f"/api/orders/{written}", headers={"Prefer": f"wait={seconds}"})

    def stay() -> requests.Response:
        while True:
            answer = look(20)
            if answer.json()["status"] != "Pending":
                return answer

    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(stay) for _ in range(2)]
        wait_for(lambda: _without_wait(look(1)), "both places to be taken")
        assert user.post(f"/api/orders/{order_id}/cancel").status_code == 200
        woken = [future.result() for future in waiting]

    assert [answer.json()["status"] for answer in woken] == ["Failed", "Failed"]
    assert max(answer.elapsed.total_seconds() for answer in woken) < 20, "they waited to the end"


def test_without_redis_nobody_waits(settings: dict[str, str], logs: Path, product: Product) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}"
    with running_api(settings, logs / "no-redis.log", REDIS_URI=nowhere) as (base, _):
        user = Client(base).register()
        answer = user.get(f"/api/orders/{_order(user, product)}", headers={"Prefer": "wait=20"})

    assert answer.status_code == 200
    assert "Preference-Applied" not in answer.headers


def _without_wait(answer: requests.Response) -> requests.Response | None:
    return None if "Preference-Applied" in answer.headers else answer
