"""The cache is a hint: it makes reads cheap, and whatever is in it, nobody reads anything wrong."""

import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from tests.support.client import Client, expect_problem
from tests.support.collections import orders
from tests.support.node_app import node_order
from tests.support.waiting import wait_for
from utils import json_provider

pytestmark = pytest.mark.usefixtures("app")  # tests look into the database through the app

Place = Callable[..., dict[str, Any]]


class Bomb:
    """Unpickling it runs what it says."""

    def __init__(self, file: str) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return open, (self.file, "w")


def test_the_first_read_is_a_miss_and_the_next_a_hit(quiet: Client, place: Place) -> None:
    order = place()
    address = f"/api/orders/{order['orderId']}"
    first = quiet.get(address)
    assert first.headers["X-Cache"] == "miss"
    hit = wait_for(lambda: hit_or_none(quiet, address), "a hit")
    assert hit.json() == order
    assert hit.headers["ETag"] == first.headers["ETag"]


def hit_or_none(client: Client, address: str) -> Any:
    answer = client.get(address)
    return answer if answer.headers["X-Cache"] == "hit" else None


def test_the_cache_holds_json_that_the_node_app_can_read(quiet: Client, place: Place, redis: Redis) -> None:
    order = place()
    name = f"order:{order['orderId']}"
    wait_for(lambda: cached(quiet, redis, order["orderId"]), "the order to be cached")
    quiet.post(f"/api/orders/{order['orderId']}/cancel")
    stored = json.loads(redis.get(name) or b"null")
    assert stored == quiet.get(f"/api/orders/{order['orderId']}").json()
    assert stored["status"] == "Failed"
    ttl: Any = redis.ttl(name)
    assert 2 < ttl <= 600


def cached(client: Client, redis: Redis, order_id: str) -> bool:
    client.get(f"/api/orders/{order_id}")
    return redis.get(f"order:{order_id}") is not None


def test_a_pending_order_is_not_kept_for_longer_than_two_seconds(
    quiet: Client, place: Place, redis: Redis
) -> None:
    order_id = place()["orderId"]
    wait_for(lambda: cached(quiet, redis, order_id), "the order to be cached")
    ttl: Any = redis.pttl(f"order:{order_id}")
    assert ttl <= 2000


@pytest.mark.usefixtures("worker")
def test_the_worker_puts_the_ended_order_there(
    user: Client, product: Callable[..., str], redis: Redis
) -> None:
    order_id = user.order({product(5): 2}).json()["orderId"]
    ended = user.ended(order_id)
    name = f"order:{order_id}"
    stored = wait_for(lambda: ended_in(redis, name), "the worker's entry")
    assert stored == ended


def ended_in(redis: Redis, name: str) -> Any:
    order = json.loads(redis.get(name) or b"{}")
    return order if order.get("status") == "Processed" else None


def poisons(order: dict[str, Any], stranger: str) -> list[bytes]:
    """What somebody who can write to Redis may leave there for an order."""
    fake = [
        {**order, "userId": stranger},
        {**order, "orderId": "another", "totalAmount": 0},
        {"userId": order["userId"]},
        {"userId": order["userId"], "orderId": order["orderId"]},
        {"userId": order["userId"], "orderId": order["orderId"], "status": "Processed"},
        {"userId": [order["userId"]]},
        {**order, "items": "text"},
        {**order, "items": [None]},
        {**order, "items": [{"quantity": 1}]},
        {**order, "totalAmount": "19.5"},
        {**order, "status": "Shipped"},
        {**order, "createdAt": 5},
        {**order, "createdAt": "yesterday"},
        {**order, "_id": None},
        {name: value for name, value in order.items() if name != "updatedAt"},
        [order],
        "text",
        5,
        None,
        {},
    ]
    return [
        b"",
        b"garbage",
        b"\x00\xff\xfe",
        b"{" * 5000,
        pickle.dumps(order),
        *(json.dumps(entry).encode() for entry in fake),
    ]


def test_of_an_entry_of_nodes_worker_clients_see_what_is_theirs(
    quiet: Client, place: Place, redis: Redis
) -> None:
    """It puts the whole document there, with all that we keep in it."""
    order = place()
    stored = orders().find_one({"orderId": order["orderId"]})
    assert stored is not None
    more = {"settled": True, "mail": {"state": "sent"}, "idempotency": {"id": "k"}, "faults": 1, "__v": 0}
    whole = {**stored, **order, "items": [{**i, "_id": "5f"} for i in stored["items"]], **more}
    redis.set(f"order:{order['orderId']}", json_provider.dumps(whole))

    answer = quiet.get(f"/api/orders/{order['orderId']}")

    assert (answer.headers["X-Cache"], answer.json()) == ("hit", order)
    assert "holdId" in stored["items"][0], "which is not seen"


def test_poisoned_entries_do_no_harm(
    quiet: Client, place: Place, redis: Redis, new_user: Callable[[], Client], tmp_path: Any
) -> None:
    order, stranger = place(), new_user()
    address, name = f"/api/orders/{order['orderId']}", f"order:{order['orderId']}"
    bomb = tmp_path / "exploded"
    for poison in (*poisons(order, stranger.user_id), pickle.dumps(Bomb(str(bomb)))):
        redis.set(name, poison)
        answer = quiet.get(address)
        assert (answer.status_code, answer.json()) == (200, order), poison
        assert answer.headers["X-Cache"] == "miss", poison
        redis.set(name, poison)
        if stranger.user_id.encode() not in poison:
            expect_problem(stranger.get(address), 404, "order_not_found")
    assert not bomb.exists()


def test_an_entry_of_another_type_does_no_harm(quiet: Client, place: Place, redis: Redis) -> None:
    order = place()
    redis.rpush(f"order:{order['orderId']}", "a list")
    for _ in range(5):
        assert quiet.get(f"/api/orders/{order['orderId']}").json() == order
    answer = quiet.post(f"/api/orders/{order['orderId']}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "Failed")


def test_a_flushed_cache_changes_no_answer(quiet: Client, place: Place, redis: Redis) -> None:
    order = place()
    address = f"/api/orders/{order['orderId']}"
    wait_for(lambda: hit_or_none(quiet, address), "a hit")
    redis.delete(f"order:{order['orderId']}")
    answer = quiet.get(address)
    assert (answer.headers["X-Cache"], answer.json()) == ("miss", order)


def test_an_order_is_not_cached_under_another_ones_name(quiet: Client, redis: Redis) -> None:
    """Read by its `_id`, an order of the Node app is cached under its orderId."""
    written = node_order(quiet.user_id)
    orders().insert_one(written)
    quiet.get(f"/api/orders/{written['_id']}")
    assert redis.get(f"order:{written['_id']}") is None
