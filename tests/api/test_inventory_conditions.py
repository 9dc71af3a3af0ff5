"""If-Match and If-None-Match on PUT and PATCH /api/inventory/:id: nobody overwrites what he has not seen."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from bson import Decimal128, Int64

from tests.api.conftest import Mongo
from tests.support.client import Client, expect_problem
from tests.support.together import together

Product = Callable[..., str]


def path_of(product_id: str) -> str:
    return f"/api/inventory/{product_id}"


def tag_of(client: Client, path: str) -> str:
    return client.get(path).headers["ETag"]


def test_with_the_etag_that_holds_the_stock_is_set_and_the_answer_has_the_next(
    admin: Client, product: Product
) -> None:
    path = path_of(product(5))

    first = admin.put(path, {"stock": 6}, headers={"If-Match": tag_of(admin, path)})
    second = admin.put(path, {"stock": 7}, headers={"If-Match": first.headers["ETag"]})

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.headers["ETag"] == tag_of(admin, path)
    assert admin.get(path).json() == second.json()


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("moved_by", ["an order", "an admin", "a price"])
def test_what_moved_meanwhile_is_not_overwritten(
    admin: Client, product: Product, method: str, moved_by: str
) -> None:
    product_id = product(5)
    path = path_of(product_id)
    seen = tag_of(admin, path)
    if moved_by == "an order":
        assert admin.order({product_id: 2}).status_code == 201
    else:
        admin.put(path, {"stock": 3} if moved_by == "an admin" else {"stock": 5, "price": 11})
    before = admin.get(path).json()

    body = {"stock": 50} if method == "PUT" else {"adjust": 45}
    answer = admin.send(method, path, json=body, headers={"If-Match": seen})

    expect_problem(answer, 412, "precondition_failed")
    assert admin.get(path).json() == before


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("{}", 200),
        ('"other", {}', 200),
        ("*", 200),
        ("W/{}", 412),  # strong comparison
        ('"other"', 412),
        ('""', 412),
        ("", 412),
        ("{", 412),
    ],
)
def test_if_match_is_a_list_of_strong_tags_or_a_star(
    admin: Client, product: Product, header: str, status: int
) -> None:
    path = path_of(product(5))
    sent = header.replace("{}", tag_of(admin, path))

    for method, body in (("PUT", {"stock": 5}), ("PATCH", {"adjust": 0})):
        sent = header.replace("{}", tag_of(admin, path))
        answer = admin.send(method, path, json=body, headers={"If-Match": sent})
        assert answer.status_code == status, f"{method} {answer.text}"


@pytest.mark.parametrize("header", ["*", '"any"'])
def test_if_match_makes_no_product(admin: Client, header: str) -> None:
    path = path_of(f"p-{uuid4().hex}")

    expect_problem(admin.put(path, {"stock": 5}, headers={"If-Match": header}), 412, "precondition_failed")
    expect_problem(admin.patch(path, {"adjust": 5}, headers={"If-Match": header}), 404, "product_not_found")
    expect_problem(admin.get(path), 404, "product_not_found")


def test_if_none_match_makes_a_product_and_changes_none(admin: Client) -> None:
    path = path_of(f"p-{uuid4().hex}")
    only_new = {"If-None-Match": "*"}

    made = admin.put(path, {"stock": 5, "price": 2}, headers=only_new)

    assert (made.status_code, made.headers["ETag"]) == (201, tag_of(admin, path))
    assert (made.json()["stock"], made.json()["price"]) == (5, 2)
    expect_problem(admin.put(path, {"stock": 9}, headers=only_new), 412, "precondition_failed")
    expect_problem(
        admin.put(path, {"stock": 9}, headers={"If-None-Match": f"W/{tag_of(admin, path)}"}),
        412,
        "precondition_failed",
    )
    assert admin.put(path, {"stock": 9}, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_product_is_made_once_however_many_try_at_once(admin: Client, api: str) -> None:
    path = path_of(f"p-{uuid4().hex}")
    token, only_new = admin.tokens["token"], {"If-None-Match": "*"}

    def make(stock: int) -> int:
        answer = Client(api).put(path, {"stock": stock}, token=token, headers=only_new)
        return stock if answer.status_code == 201 else -answer.status_code

    made = together([partial(make, stock) for stock in range(1, 9)])

    (winner,) = [stock for stock in made if stock > 0]
    assert [-status for status in made if status < 0] == [412] * 7
    assert admin.get(path).json()["stock"] == winner


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_of_writers_at_once_that_have_seen_the_same_one_writes(
    admin: Client, api: str, product: Product, method: str
) -> None:
    path, token = path_of(product(5)), admin.tokens["token"]
    for stock in range(5):
        seen = {"If-Match": tag_of(admin, path)}
        body = {"stock": stock} if method == "PUT" else {"adjust": 1}
        write = partial(Client.send, method=method, path=path, token=token, json=body, headers=seen)

        answers = together([partial(write, Client(api)) for _ in range(4)])

        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


def test_no_update_is_lost_when_all_read_before_they_write(admin: Client, api: str, product: Product) -> None:
    path, token = path_of(product(0)), admin.tokens["token"]

    def count_up() -> None:
        client, done = Client(api), 0
        while done < 5:
            shown = client.get(path)
            body, seen = {"stock": shown.json()["stock"] + 1}, {"If-Match": shown.headers["ETag"]}
            done += client.put(path, body, token=token, headers=seen).status_code == 200

    together([count_up] * 4)

    assert admin.get(path).json()["stock"] == 20


@pytest.mark.parametrize(
    "fields", [{"stock": 5.0}, {"stock": Int64(5)}, {"price": Decimal128("2.50")}, {"price": None}]
)
def test_a_product_as_another_program_wrote_it_is_compared_as_it_stands(
    admin: Client, database: Mongo, fields: dict[str, Any]
) -> None:
    product_id = f"node-{uuid4().hex}"
    database["inventories"].insert_one({"productId": product_id, "stock": 5, **fields})
    path = path_of(product_id)

    changed = admin.patch(path, {"adjust": 1}, headers={"If-Match": tag_of(admin, path)})
    set_again = admin.put(path, {"stock": 9}, headers={"If-Match": changed.headers["ETag"]})

    assert (changed.status_code, changed.json()["stock"]) == (200, 6)
    assert (set_again.status_code, set_again.json()["stock"]) == (200, 9)


def test_an_odd_product_is_neither_changed_nor_made_again(admin: Client, database: Mongo) -> None:
    """It is as if it were not there, and yet its id is taken."""
    product_id = f"odd-{uuid4().hex}"
    database["inventories"].insert_one({"productId": product_id, "stock": "many"})
    path = path_of(product_id)

    expect_problem(admin.patch(path, {"adjust": 1}), 404, "product_not_found")
    for headers in ({"If-None-Match": "*"}, {"If-Match": "*"}):
        expect_problem(admin.put(path, {"stock": 5}, headers=headers), 412, "precondition_failed")
    assert admin.put(path, {"stock": 5}).json()["stock"] == 5  # which mends it


def test_a_get_with_an_if_match_that_does_not_hold_is_a_412_too(anyone: Client, product: Product) -> None:
    path = path_of(product(5))

    assert anyone.get(path, headers={"If-Match": tag_of(anyone, path)}).status_code == 200
    expect_problem(anyone.get(path, headers={"If-Match": '"other"'}), 412, "precondition_failed")
