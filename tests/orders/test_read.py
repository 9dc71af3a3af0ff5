"""GET /api/orders/:id: one's own orders, and nobody else's."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from models import order_decisions
from models.documents import Query
from tests.support.client import Client, expect_problem
from tests.support.collections import orders
from tests.support.node_app import node_order
from tests.support.waiting import wait_for
from utils import clock

pytestmark = pytest.mark.usefixtures("app")  # tests look into the database through the app

Place = Callable[..., dict[str, Any]]


def undecided(user_id: str, **fields: Any) -> Any:
    """The document of an order that is not accepted, and that no worker need look at today."""
    order_id = ObjectId()
    order: Query = {
        **node_order(user_id),
        "_id": order_id,
        "orderId": str(order_id),
        "accepted": False,
        "nextActionAt": clock.now() + timedelta(days=1),
        "history": [{"at": clock.now(), "event": "received", "requestId": "x"}],
        **fields,
    }
    del order["__v"]
    return order


def test_an_order_is_read_as_it_was_answered(quiet: Client, place: Place) -> None:
    order = place()
    answer = quiet.get(f"/api/orders/{order['orderId']}")
    assert (answer.status_code, answer.json()) == (200, order)
    assert quiet.get(f"/api/orders/{order['orderId']}/").json() == order


@pytest.mark.parametrize("by", ["orderId", "_id"])
def test_an_order_of_the_node_app_is_found_by_either_id(quiet: Client, by: str) -> None:
    """Its orderId is a free text there, and its items and itself carry fields that no client knows."""
    written = node_order(quiet.user_id)
    orders().insert_one(written)
    for _ in range(2):  # the second time perhaps from the cache
        answer = quiet.get(f"/api/orders/{written[by]}")
        assert answer.status_code == 200
        assert answer.json() == {
            "_id": str(written["_id"]),
            "orderId": written["orderId"],
            "userId": quiet.user_id,
            "items": [{"productId": "book", "quantity": 2}],
            "totalAmount": 19.5,
            "status": "Pending",
            "createdAt": clock.to_iso(written["createdAt"]),
            "updatedAt": clock.to_iso(written["updatedAt"]),
        }
    assert [o["orderId"] for o in quiet.get("/api/orders").json()["data"]] == [written["orderId"]]
    assert quiet.get(f"/api/orders/{written[by]}/events").json() == {"data": []}


def test_an_order_of_the_node_app_can_be_cancelled(quiet: Client) -> None:
    written = node_order(quiet.user_id)
    orders().insert_one(written)
    answer = quiet.post(f"/api/orders/{written['orderId']}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "Failed")


@pytest.mark.parametrize("path", ["", "/events"])
def test_someone_elses_order_does_not_exist(quiet: Client, quiet_api: str, place: Place, path: str) -> None:
    address = f"/api/orders/{place()['orderId']}"
    stranger = Client(quiet_api).register()
    expect_problem(stranger.get(address + path), 404, "order_not_found")
    wait_for(lambda: quiet.get(address).headers["X-Cache"] == "hit", "the order to be cached")
    expect_problem(stranger.get(address + path), 404, "order_not_found")
    expect_problem(stranger.post(address + "/cancel"), 404, "order_not_found")
    assert quiet.get(address).json()["status"] == "Pending"


def test_a_stranger_cannot_tell_an_order_that_is_there_from_one_that_is_not(
    quiet_api: str, place: Place
) -> None:
    stranger = Client(quiet_api).register()
    bodies = [stranger.get(f"/api/orders/{order_id}").json() for order_id in (place()["orderId"], ObjectId())]
    for body in bodies:
        del body["requestId"]
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("order_id", ["nothing", "0" * 24, "%00", "..%5C", "%F0%9F%92%A9", "x" * 2000])
def test_what_is_no_order_is_a_404(user: Client, order_id: str) -> None:
    expect_problem(user.get(f"/api/orders/{order_id}"), 404, "order_not_found")


def test_without_a_token_nothing_is_read(anyone: Client, place: Place) -> None:
    for path in ("", "/events"):
        expect_problem(anyone.get(f"/api/orders/{place()['orderId']}{path}"), 401, "token_missing")


def test_an_order_that_is_not_accepted_is_not_there(quiet: Client) -> None:
    """Nobody was told of it: neither before the decision nor when it was refused."""
    pending, refused = undecided(quiet.user_id), undecided(quiet.user_id)
    for order in (pending, refused):
        assert order_decisions.insert_intent(order)
    assert order_decisions.reject(refused, [], [], settled=True)
    for order in (pending, refused):
        address = f"/api/orders/{order['orderId']}"
        expect_problem(quiet.get(address), 404, "order_not_found")
        expect_problem(quiet.get(address + "/events"), 404, "order_not_found")
        expect_problem(quiet.post(address + "/cancel"), 404, "order_not_found")
    assert quiet.get("/api/orders").json()["data"] == []


def test_a_client_that_has_the_order_already_gets_304(quiet: Client, place: Place) -> None:
    address = f"/api/orders/{place()['orderId']}"
    first = quiet.get(address)
    same = {"If-None-Match": first.headers["ETag"]}
    unchanged = quiet.get(address, headers=same)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["ETag"] == first.headers["ETag"]
    assert quiet.get(address, headers={"If-None-Match": '"other"'}).status_code == 200
    assert quiet.get(address, headers={"If-None-Match": "*"}).status_code == 304
    quiet.post(address + "/cancel")
    changed = quiet.get(address, headers=same)
    assert (changed.status_code, changed.json()["status"]) == (200, "Failed")
    assert changed.headers["ETag"] != first.headers["ETag"]


@pytest.mark.usefixtures("worker")
def test_the_events_tell_what_happened_in_order(user: Client, product: Callable[..., str]) -> None:
    order_id = user.order({product(5): 2}).json()["orderId"]
    user.ended(order_id)
    wait_for(user.mails, "the mail")
    events = wait_for(lambda: finished_events(user, order_id), "the last event")
    assert [event["event"] for event in events] == [
        "received",
        "accepted",
        "processed",
        "settled",
        "mail_claimed",
        "mail_sent",
    ]
    times = [event["at"] for event in events]
    assert times == sorted(times)
    assert all(time.endswith("Z") for time in times)


def finished_events(user: Client, order_id: str) -> list[dict[str, Any]] | None:
    events: list[dict[str, Any]] = user.get(f"/api/orders/{order_id}/events").json()["data"]
    return events if events[-1]["event"] == "mail_sent" else None
