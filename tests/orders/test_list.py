"""GET /api/orders: one's own accepted orders in pages, the newest first."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.client import Client, expect_problem

Place = Callable[..., dict[str, Any]]


def walk(client: Client, query: str = "", between: Callable[[], object] = lambda: None) -> list[list[Any]]:
    """All pages, as a client goes through them; `between` is called after each."""
    pages, cursor = [], ""
    while True:
        answer = client.get(f"/api/orders?{query}{cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page.keys() == {"data", "hasMore", "nextCursor"}
        assert page["hasMore"] == (page["nextCursor"] is not None)
        pages.append(page["data"])
        if not page["hasMore"]:
            return pages
        between()
        cursor = f"&cursor={page['nextCursor']}"


def test_who_has_no_orders_gets_an_empty_page(quiet: Client) -> None:
    assert quiet.get("/api/orders").json() == {"data": [], "hasMore": False, "nextCursor": None}


def test_orders_are_listed_as_they_are_read_the_newest_first(quiet: Client, place: Place) -> None:
    placed = sorted((place() for _ in range(3)), key=lambda order: order["_id"], reverse=True)
    assert quiet.get("/api/orders").json()["data"] == placed
    assert quiet.get("/api/orders/").json()["data"] == placed


def test_nobody_sees_anyone_elses_orders(quiet_api: str, place: Place) -> None:
    place()
    assert Client(quiet_api).register().get("/api/orders").json()["data"] == []


@pytest.mark.parametrize(("limit", "sizes"), [(1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (100, [5])])
def test_pages_go_on_where_the_last_one_ended(
    quiet: Client, place: Place, limit: int, sizes: list[int]
) -> None:
    placed = {place()["orderId"] for _ in range(5)}
    pages = walk(quiet, f"limit={limit}")
    assert [len(page) for page in pages] == sizes
    ids = [order["orderId"] for page in pages for order in page]
    assert ids == sorted(placed, reverse=True)


def test_a_page_has_20_orders_unless_asked_otherwise(quiet: Client, place: Place) -> None:
    for _ in range(21):
        place()
    assert [len(page) for page in walk(quiet)] == [20, 1]


def test_orders_that_arrive_meanwhile_move_nothing(quiet: Client, place: Place) -> None:
    """None is listed twice, none of the first look is left out."""
    placed = {place()["orderId"] for _ in range(5)}
    pages = walk(quiet, "limit=2", between=place)
    ids = [order["orderId"] for page in pages for order in page]
    assert len(ids) == len(set(ids))
    assert placed <= set(ids)


def test_an_order_that_goes_away_meanwhile_breaks_no_cursor(quiet: Client, place: Place) -> None:
    """Of those with a status, one may change it between two pages: the others are there all the same."""
    placed = sorted(place()["orderId"] for _ in range(4))
    first = quiet.get("/api/orders?status=Pending&limit=2").json()
    quiet.post(f"/api/orders/{first['data'][-1]['orderId']}/cancel")
    rest = quiet.get(f"/api/orders?status=Pending&limit=2&cursor={first['nextCursor']}").json()
    assert [order["orderId"] for order in rest["data"]] == [placed[1], placed[0]]


def test_a_status_can_be_asked_for(quiet: Client, place: Place) -> None:
    pending, cancelled = place()["orderId"], place()["orderId"]
    quiet.post(f"/api/orders/{cancelled}/cancel")
    found = {
        status: [order["orderId"] for order in quiet.get(f"/api/orders?status={status}").json()["data"]]
        for status in ("Pending", "Failed", "Processed")
    }
    assert found == {"Pending": [pending], "Failed": [cancelled], "Processed": []}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.5", "limit"),
        ("limit=", "limit"),
        ("limit=ten", "limit"),
        ("limit=%D9%A1", "limit"),  # a digit, but not one of ours
        ("limit=99999999999999999999", "limit"),
        ("status=pending", "status"),
        ("status=", "status"),
        ("status[$ne]=x", "status[$ne]"),
        ("cursor=nothing", "cursor"),
        ("cursor=", "cursor"),
        ("page=2", "page"),
        ("userId=5f0000000000000000000000", "userId"),
    ],
)
def test_an_argument_that_is_wrong_is_a_400(user: Client, query: str, field: str) -> None:
    problem = expect_problem(user.get(f"/api/orders?{query}"), 400, "validation_error")
    assert [row["field"] for row in problem["errors"]] == [field]


def test_without_a_token_nothing_is_listed(anyone: Client) -> None:
    expect_problem(anyone.get("/api/orders"), 401, "token_missing")
