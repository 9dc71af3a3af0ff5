"""Products as shops call them (`Blue Shirt`, `SKU/42`, `größe-xl`), from the stock to mail and logs."""

import html
import json
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest
from flask import Flask

from models.schemas import PRODUCT_ID_PATTERN
from models.user import promote
from tests.support.client import Client, expect_problem
from tests.support.product_ids import NOT_PRODUCT_IDS, PRODUCT_IDS
from tests.support.waiting import wait_for


def path_of(product_id: str) -> str:
    return "/api/inventory/" + quote(product_id, safe="")


@pytest.fixture
def admin(app: Flask, user: Client) -> Client:
    promote(user.email)
    return user


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("product_id", PRODUCT_IDS)
def test_it_is_set_ordered_processed_and_mailed_and_each_log_line_is_one(
    admin: Client, product_id: str, logs: Path
) -> None:
    assert admin.put(path_of(product_id), {"stock": 5, "price": 2}).status_code in (200, 201)
    shown = admin.get(path_of(product_id)).json()
    assert (shown["productId"], shown["stock"]) == (product_id, 5)

    placed = admin.order({product_id: 2}, key=uuid4().hex)
    assert placed.status_code == 201, placed.text
    ended = admin.ended(placed.json()["orderId"])

    assert (ended["status"], ended["items"][0]["productId"]) == ("Processed", product_id)
    (mail,) = wait_for(admin.mails, "the mail")
    assert html.escape(product_id) in mail["html"].replace("&#34;", "&quot;").replace("&#39;", "&#x27;")
    assert product_id in mail["text"]
    assert mail["subject"] == f"Order {ended['orderId']} Status Update"
    for name in ("api.log", "worker.log"):
        for line in (logs / name).read_text().splitlines():
            assert line.startswith("[") or json.loads(line)["event"], line


@pytest.mark.parametrize("product_id", [name for name in NOT_PRODUCT_IDS if name])
def test_what_is_no_product_id_is_refused_when_it_is_set_and_not_found_when_it_is_read(
    admin: Client, product_id: str
) -> None:
    problem = expect_problem(admin.put(path_of(product_id), {"stock": 1}), 400, "validation_error")
    assert [row["field"] for row in problem["errors"]] == ["productId"]

    expect_problem(admin.get(path_of(product_id)), 404, "product_not_found")


def test_a_slash_may_be_written_as_it_is_and_one_at_the_end_changes_nothing(admin: Client) -> None:
    name = f"SKU/{uuid4().hex}"

    assert admin.put(f"/api/inventory/{name}/", {"stock": 3}).status_code == 201

    for path in (f"/api/inventory/{name}", f"/api/inventory/{name}/", path_of(name), path_of(name) + "/"):
        assert admin.get(path).json()["productId"] == name


@pytest.mark.parametrize("path", ["/api/inventory//x", "/api/inventory/%2Fx", "/api/inventory/x//"])
def test_what_cannot_be_written_in_a_path_is_no_address(admin: Client, path: str) -> None:
    """Better than the stock of another product: `%2Fx` arrives as `/x` would."""
    admin.session.hooks["response"].clear()  # to the document it is an id, if not a right one
    expect_problem(admin.put(path, {"stock": 1}), 404, "not_found")
    expect_problem(admin.get(path), 404, "not_found")


def test_pages_go_on_after_any_id(admin: Client) -> None:
    start = f"walk {uuid4().hex} "
    made = sorted(start + end for end in ("a b", "a/b", "ä", "%41", "+", "&limit=1", "😀"))
    for name in made:
        admin.put(path_of(name), {"stock": 1})

    seen, cursor = list[str](), start
    for _ in made:
        body = admin.get("/api/inventory", params={"limit": 1, "cursor": cursor}).json()
        seen += [row["productId"] for row in body["data"]]
        cursor = seen[-1]
        assert body["nextCursor"] in (cursor, None)

    assert seen == made


def test_commands_take_any_id(app: Flask) -> None:
    run, name = app.test_cli_runner().invoke, f"/größe {uuid4().hex}/"

    assert (
        run(args=["inventory", "set", name, "--stock", "2"]).output == f"Added {name}: stock 2, no price.\n"
    )
    assert name in run(args=["inventory", "show", name]).output


def test_a_command_line_that_is_no_text_is_no_product_id(app: Flask) -> None:
    refused = app.test_cli_runner().invoke(args=["inventory", "set", "caf\udce9", "--stock", "1"])

    assert refused.exit_code == 2
    assert "1 to 64 printable characters" in refused.output


def test_the_document_tells_the_rule_in_one_pattern(anyone: Client) -> None:
    document = anyone.get("/api/openapi.json").json()

    assert document["components"]["schemas"]["Item"]["properties"]["productId"]["pattern"] == (
        PRODUCT_ID_PATTERN
    )
