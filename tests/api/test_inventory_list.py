"""GET /api/inventory: pages of products."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.client import Client, expect_problem


def page(client: Client, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/api/inventory{query}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_walk_along_the_cursors_meets_every_product_once(
    anyone: Client, product: Callable[..., str]
) -> None:
    made = {product(stock=number) for number in range(7)}
    seen: list[str] = []
    query = "?limit=3"

    while True:
        body = page(anyone, query)
        seen += [row["productId"] for row in body["data"]]
        if not body["hasMore"]:
            break
        assert len(body["data"]) == 3
        query = f"?limit=3&cursor={quote(body['nextCursor'])}"

    assert body["nextCursor"] is None
    assert seen == sorted(set(seen))
    assert made <= set(seen)


def test_a_row_is_what_the_product_itself_shows(anyone: Client, product: Callable[..., str]) -> None:
    product_id = product(stock=2, price=1.5)
    shown = anyone.get(f"/api/inventory/{product_id}").json()

    rows = page(anyone, f"?limit=1&cursor={product_id[:-1]}")["data"]

    assert rows == [shown]


def test_a_page_has_20_rows_unless_asked_otherwise(anyone: Client, product: Callable[..., str]) -> None:
    for _ in range(21):
        product(stock=1)

    assert len(page(anyone)["data"]) == 20
    assert len(page(anyone, "?limit=1")["data"]) == 1
    assert len(page(anyone, "?limit=100")["data"]) >= 21


def test_after_the_last_product_comes_an_empty_page(anyone: Client) -> None:
    last = quote(chr(0x10FFFF))  # of all there are
    assert page(anyone, f"?cursor={last}") == {"data": [], "hasMore": False, "nextCursor": None}


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.0", "ten", "", "+5", " 5", "%D9%A3", "9" * 3000])
def test_a_limit_is_an_integer_from_1_to_100(anyone: Client, limit: str) -> None:
    problem = expect_problem(anyone.get(f"/api/inventory?limit={limit}"), 400, "validation_error")

    assert [row["field"] for row in problem["errors"]] == ["limit"]


@pytest.mark.parametrize("name", ["status", "page", "limit[$gt]", "cursor[]", "$where", "%00"])
def test_an_unknown_argument_is_an_error(anyone: Client, name: str) -> None:
    expect_problem(anyone.get(f"/api/inventory?{name}=1"), 400, "validation_error")


@pytest.mark.parametrize("cursor", ["%00", "%ED%A0%80", "%FF", "$gt", "x" * 3000, "%F0%9F%90%B4"])
def test_an_odd_cursor_is_a_place_like_any_other(anyone: Client, cursor: str) -> None:
    assert anyone.get(f"/api/inventory?cursor={cursor}").status_code == 200
