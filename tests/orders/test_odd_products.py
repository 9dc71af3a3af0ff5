"""Products that another program wrote in its own way: they cost nobody but their own buyers anything."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import bson
import pytest
from bson import DatetimeMS
from flask import Flask

from models import inventory
from models.user import promote
from tests.support.client import Client, expect_problem
from tests.support.collections import inventories
from tests.support.odd_products import ODD, READABLE
from tests.support.system import running_api

Plant = Callable[..., str]


@pytest.fixture
def plant(app: Flask) -> Iterator[Plant]:
    """Writes a product as it is given, and takes it away afterwards: `plant("a", stock=None)`."""
    names: list[Any] = []

    def write(start: str = "odd", **fields: Any) -> str:
        names.append(fields.setdefault("productId", f"{start}-{uuid4().hex[:12]}"))
        inventories().insert_one(fields)
        return str(names[-1])

    yield write
    inventories().delete_many({"productId": {"$in": names}})


@pytest.fixture
def admin(app: Flask, user: Client) -> Client:
    promote(user.email)
    return user


@pytest.mark.parametrize("fields", [fields for _, fields in ODD.values()], ids=list(ODD))
def test_an_odd_product_is_left_out_until_its_stock_is_set(
    admin: Client, plant: Plant, fields: dict[str, Any]
) -> None:
    name = plant(**fields)
    path = f"/api/inventory/{name}"

    expect_problem(admin.get(path), 404, "product_not_found")
    rows = admin.get("/api/inventory", params={"limit": 100, "cursor": name[:-1]}).json()["data"]
    assert name not in [row["productId"] for row in rows]
    problem = expect_problem(admin.order({name: 1}, totalAmount=1), 422, "unknown_product")
    assert problem["errors"] == [{"field": "items", "message": f"There is no product {name}."}]

    mended = admin.put(path, {"stock": 4})
    assert (mended.status_code, mended.json()["stock"]) == (200, 4)
    assert "price" not in mended.json() or isinstance(fields["price"], int)
    stored = inventories().find_one({"productId": name}) or {}
    assert stored["received"] == 4
    assert admin.order({name: 1}, totalAmount=1).status_code == 201


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(("fields", "price"), READABLE.values(), ids=list(READABLE))
def test_what_can_be_read_is_shown_and_sold(
    user: Client, plant: Plant, fields: dict[str, Any], price: float | None
) -> None:
    name = plant(**fields)

    view = user.get(f"/api/inventory/{name}").json()

    shown = {} if price is None else {"price": price}
    assert view == {"productId": name, "stock": 5, "inStock": True, "updatedAt": None, **shown}
    assert type(view["stock"]) is int
    total = 1 if price is None else round(2 * price, 2)
    placed = user.order({name: 2}, totalAmount=total)
    assert placed.status_code == 201, placed.text
    assert placed.json()["totalAmount"] == total
    assert user.ended(placed.json()["orderId"])["status"] == "Processed"
    assert user.get(f"/api/inventory/{name}").json()["stock"] == 3


def test_a_time_past_the_year_9999_is_no_time_and_no_error(app: Flask) -> None:
    """As a slip in JavaScript makes it. The local stack's server does not take it: it is read here."""
    written = bson.encode({"productId": "p", "stock": 5, "updatedAt": DatetimeMS(2**52)})

    read = bson.decode(written, inventories().codec_options)

    assert inventory.to_json(read)["updatedAt"] is None


def test_a_shortage_of_what_can_be_read_is_told_in_integers(user: Client, plant: Plant) -> None:
    name = plant(stock=5.0)

    problem = expect_problem(user.order({name: 6}, totalAmount=1), 409, "out_of_stock")

    assert problem["shortages"] == [{"productId": name, "requested": 6, "available": 5}]
    assert "5.0" not in json.dumps(problem)


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_odd_products_do_not_confuse_the_pages(anyone: Client, plant: Plant, limit: int) -> None:
    start = f"pages-{uuid4().hex[:8]}"
    good = [plant(f"{start}-{place}", stock=1) for place in "bdh"]
    for place in "aaccccceeeefg":
        plant(f"{start}-{place}", stock="none")
    end = plant(f"{start}-i", stock="none")

    seen, cursor, more = list[str](), start, True
    while more and cursor < end:
        body = anyone.get("/api/inventory", params={"limit": limit, "cursor": cursor}).json()
        seen += [row["productId"] for row in body["data"] if row["productId"].startswith(start)]
        more, cursor = body["hasMore"], body["nextCursor"] or cursor
        assert more == (body["nextCursor"] is not None)
        assert len(body["data"]) == limit or not more

    assert seen == good


@pytest.mark.parametrize("product_id", [7, None, 7.5, ["a"], {"a": 1}, "a\nb", "x" * 65, " "])
def test_a_product_whose_id_is_odd_is_left_out(anyone: Client, plant: Plant, product_id: Any) -> None:
    plant(productId=product_id, stock=1)

    body = anyone.get("/api/inventory", params={"limit": 100}).json()

    assert body["data"] == [] or all(isinstance(row["productId"], str) for row in body["data"])
    assert product_id not in [row["productId"] for row in body["data"]]


def test_an_odd_product_is_logged_once_and_never_its_value(
    settings: dict[str, str], plant: Plant, logs: Path
) -> None:
    name = plant(stock="7f3b9c pieces")
    with running_api(settings, logs / "odd.log", WEB_CONCURRENCY="1") as (base, api):
        for _ in range(3):
            expect_problem(Client(base).get(f"/api/inventory/{name}"), 404, "product_not_found")
            Client(base).get("/api/inventory", params={"cursor": name[:-1]})
        lines = [line for line in api.output().splitlines() if name in line and "odd_product" in line]

    assert len(lines) == 1, lines
    told = json.loads(lines[0])
    assert (told["event"], told["odd"]) == ("odd_product", "stock is not an integer")
    assert "7f3b9c" not in lines[0]
