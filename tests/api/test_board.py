"""/dev, the local stack's board: what it reads, and that it answers whatever is down or odd."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from bson import ObjectId
from flask import Flask

from local_stack.programs import ROOT, clean_environment
from services import redis_service
from tests.api.conftest import StartApi
from tests.support.client import Client, expect_problem
from tests.support.collections import inventories, orders
from tests.support.node_app import node_order
from tests.support.odd_orders import ODD, damaged

Product = Callable[..., str]


def row_of(client: Client, order_id: str) -> dict[str, Any]:
    rows: list[dict[str, Any]] = client.get("/dev/board.json").json()["orders"]
    return next(row for row in rows if row["orderId"] == order_id)


def test_the_board_shows_an_order_its_customer_and_what_is_left_of_the_stock(
    user: Client, product: Product, app: Flask
) -> None:
    name = product(5)
    order_id = user.order({name: 2}).json()["orderId"]
    orders().delete_many({"_id": {"$gt": ObjectId(order_id)}})  # other tests' that say that they are newer

    row = row_of(user, order_id)

    assert (row["items"], row["customer"]) == (f"2 x {name}", user.email)
    assert row["status"] in ("Pending", "Processed")
    board = user.get("/dev/board.json").json()
    assert sum(bar[row["status"]] for bar in board["chart"]) >= 1
    assert len(board["chart"]) == 61
    assert board["dependencies"] == {"MongoDB": "up", "Redis": "up", "SQS": "up"}
    assert set(board["queue"]) == {"waiting", "inFlight", "dead"}


def test_held_and_sold_stand_with_the_stock(user: Client, app: Flask) -> None:
    name = " !first-of-all"
    holds = [{"orderId": "o", "holdId": "h", "quantity": 2}, "odd", {"quantity": "text"}]
    books = {"productId": name, "stock": 3, "received": 9, "sold": 4, "holds": holds}
    inventories().insert_one(dict(books))
    try:
        products = user.get("/dev/board.json").json()["products"]
    finally:
        inventories().delete_one({"productId": name})
    assert next(shown for shown in products if shown["productId"] == name) == {
        "productId": name,
        "stock": 3,
        "held": 2,
        "sold": 4,
    }


def test_what_has_not_changed_is_not_sent_again(user: Client) -> None:
    first = user.get("/dev/board.json")

    statuses = set()
    for _ in range(5):  # a bar of the chart may begin in between
        again = user.get("/dev/board.json", headers={"If-None-Match": first.headers["ETag"]})
        statuses.add(again.status_code)
        first = again if again.status_code == 200 else first
    assert 304 in statuses


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("by", ["order", "request", "address"])
def test_the_life_of_an_order_is_found_by_its_id_its_request_and_its_customer(
    user: Client, product: Product, by: str
) -> None:
    placed = user.order({product(5): 1})
    order_id = placed.json()["orderId"]
    user.ended(order_id)
    sought = {"order": order_id, "request": placed.headers["X-Request-Id"], "address": user.email.upper()}[by]

    found = user.get(f"/dev/timeline.json?q={quote(sought)}").json()

    assert found["orderId"] == order_id
    assert found["facts"]["Request"] == placed.headers["X-Request-Id"]
    texts = [step["text"] for step in found["steps"]]
    assert texts[0] == f"received (requestId {placed.headers['X-Request-Id']})"
    assert "accepted" in texts and "processed" in texts


@pytest.mark.parametrize("sought", ["", "no-such-order", "nobody@example.com", "65f1a7c3d2e4b5a697880011"])
def test_what_is_not_there_is_a_404(user: Client, sought: str) -> None:
    expect_problem(user.get(f"/dev/timeline.json?q={sought}"), 404, "order_not_found")


@pytest.mark.parametrize("how", ODD)
def test_an_odd_order_is_shown_as_far_as_it_can_be(user: Client, app: Flask, how: str) -> None:
    odd = damaged(node_order(ObjectId()), how)
    orders().insert_one(odd)
    try:
        shown = user.get("/dev/board.json")
        assert shown.status_code == 200
        assert user.get(f"/dev/timeline.json?q={odd['_id']}").status_code == 200
    finally:
        orders().delete_one({"_id": odd["_id"]})


def test_workers_that_live_are_named_and_those_that_died_leave(
    user: Client, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis_service.note_worker("host:1")
    assert "host:1" in user.get("/dev/board.json").json()["workers"]

    monkeypatch.setattr(redis_service, "_WORKER_SECONDS", -1)
    redis_service.note_worker("host:2")

    assert "host:1" not in user.get("/dev/board.json").json()["workers"]


def test_the_page_runs_files_of_this_server_alone(anyone: Client) -> None:
    page = anyone.get("/dev", headers={"Accept": "text/html"})

    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy
    assert page.text.count("<script") == page.text.count(" defer></script>") == 2
    for name in ("board.css", "board.js", "uPlot.iife.min.js", "uPlot.min.css"):
        assert f"/dev/assets/{name}" in page.text
        assert anyone.get(f"/dev/assets/{name}").status_code == 200
    expect_problem(anyone.get("/dev/assets/page.html"), 404, "not_found")


@pytest.mark.parametrize("path", ["/board.json", "/timeline.json", "/audit.json"])
def test_it_answers_to_the_names_of_this_machine_alone(anyone: Client, path: str) -> None:
    answer = anyone.get(f"/dev{path}", headers={"Host": "rebound.example.com"})
    expect_problem(answer, 421, "misdirected_request")


def test_where_no_local_stack_runs_there_is_no_board(start_api: StartApi) -> None:
    with start_api("no-board", MAILBOX_URL="") as base:
        for path in ("", "/board.json", "/timeline.json", "/assets/board.js"):
            expect_problem(Client(base).get(f"/dev{path}"), 404, "not_found")


def test_for_admins_it_is_open_elsewhere_and_asks_for_a_login(
    start_api: StartApi, user: Client, admin: Client, product: Product
) -> None:
    """`user` and `admin` are one account."""
    order_id = user.order({product(5): 1}).json()["orderId"]
    with start_api("admins-board", MAILBOX_URL="", BOARD_FOR_ADMINS="true") as base:
        there = {"Host": "orders.example.com"}
        reader, customer = Client(base), Client(base).register()
        reader.tokens = admin.tokens
        page = Client(base).get("/dev", headers={"Accept": "text/html", **there})
        assert page.status_code == 200 and "login.js" in page.text and "mailbox" not in page.text
        for path in ("/dev/board.json", f"/dev/timeline.json?q={order_id}"):
            expect_problem(Client(base).get(path, headers=there), 401, "token_missing")
            expect_problem(customer.get(path, headers=there), 403, "forbidden")
            assert reader.get(path, headers=there).status_code == 200
        assert reader.get(f"/dev/timeline.json?q={order_id}").json()["orderId"] == order_id
        for path in ("/dev/audit.json", "/dev/break"):
            expect_problem(reader.get(path), 404, "not_found")


def test_what_the_log_says_of_an_order_stands_in_its_life(
    start_api: StartApi, product: Product, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_text('{"cut\n["odd"]\n')
    with start_api("log-copy", LOG_COPY=str(copy)) as base:
        client = Client(base).register()
        placed = client.order({product(5): 1})
        other = client.order({product(5): 1})
        with copy.open("a") as file:
            line = {"event": "mail_sent", "order_id": placed.json()["orderId"], "timestamp": "no time"}
            file.write(json.dumps(line) + "\n")

        steps = client.get(f"/dev/timeline.json?q={placed.json()['orderId']}").json()["steps"]

    logged = [step["text"] for step in steps if step["kind"] == "log"]
    assert logged[0] == "mail_sent"
    assert [text for text in logged[1:] if "route=/api/orders" in text and "status=201" in text] == logged[1:]
    assert len(logged) == 2 and other.headers["X-Request-Id"] in copy.read_text()


@pytest.mark.parametrize("path", ["/no/such/folder/log.jsonl", "/"])
def test_a_copy_of_the_log_that_cannot_be_written_is_refused_at_the_start(
    settings: Mapping[str, str], path: str
) -> None:
    environment = clean_environment({**settings, "LOG_COPY": path})
    command = [sys.executable, "-c", "import wsgi"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "LOG_COPY: Cannot be written" in run.stderr


def test_without_redis_and_sqs_the_board_says_so(start_api: StartApi) -> None:
    nowhere = {
        "REDIS_PORT": "1",
        "SQS_QUEUE_URL": "http://127.0.0.1:1/0/orders",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    }
    with start_api("board-alone", **nowhere) as base:
        board = Client(base).get("/dev/board.json").json()
    assert board["dependencies"] == {"MongoDB": "up", "Redis": "down", "SQS": "down"}
    assert (board["queue"], board["workers"]) == (None, [])
