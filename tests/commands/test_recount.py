"""`flask inventory recount`, and what `flask audit` says of the books and of odd products."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from bson import ObjectId
from flask import Flask
from pymongo.database import Database

from local_stack.programs import ROOT, clean_environment
from models import books, inventory
from tests.commands.conftest import Run
from tests.support.client import Client
from tests.support.collections import inventories
from tests.support.odd_products import ODD, READABLE
from tests.support.together import together
from utils import clock

Product = Callable[..., str]
Plant = Callable[..., Any]


@pytest.fixture
def plant(app: Flask) -> Iterator[Plant]:
    """Writes a product as another program does, and takes it away afterwards. Returns its `_id`."""
    ids: list[Any] = []

    def write(**fields: Any) -> Any:
        ids.append(inventories().insert_one(fields).inserted_id)
        return ids[-1]

    yield write
    inventories().delete_many({"_id": {"$in": ids}})


def told(run: Run, name: Any, *arguments: str) -> list[str]:
    return [line for line in run(*arguments).output.splitlines() if str(name) in line]


def stored(name: str) -> dict[str, Any]:
    return inventories().find_one({"productId": name}) or {}


def test_stock_that_node_wrote_is_counted_when_an_operator_says_so(run: Run, product: Product) -> None:
    name = product(5)
    inventories().update_one({"productId": name}, {"$set": {"stock": 9}})
    assert told(run, name, "audit") == [
        f"product {name}: stock 9 + sold 0 + held 0 is not received 5; run: flask inventory recount"
    ]

    before = stored(name)
    asked = run("inventory", "recount", name)
    assert asked.output == (
        f"{name}  received 5, now 9 (stock 9 + sold 0 + held 0)\n"
        "Nothing is written yet. Run it again with --yes.\n"
    )
    assert stored(name) == before

    assert run("inventory", "recount", name, "--yes").output.endswith("Counted 1 product anew.\n")
    assert stored(name) == {**before, "received": 9}
    assert told(run, name, "audit") == []
    assert run("inventory", "recount", name, "--yes").output == "Counted 0 products anew.\n"


def test_a_product_that_node_made_later_is_told_of_and_counted_with_others(run: Run, plant: Plant) -> None:
    name, right = f"node {uuid4().hex}", f"right-{uuid4().hex}"
    plant(productId=name, stock=4, received=None)
    plant(productId=right, stock=4, received=4)
    assert told(run, name, "audit") == [
        f"product {name}: its books were never counted; run: flask inventory recount"
    ]

    assert told(run, name, "inventory", "recount") == [
        f"{name}  never counted, now 4 (stock 4 + sold 0 + held 0)"
    ]
    assert "received" not in stored(name) or stored(name)["received"] is None
    lines = run("inventory", "recount", "--yes").output.splitlines()
    assert f"{name}  never counted, now 4 (stock 4 + sold 0 + held 0)" in lines
    assert not any(right in line for line in lines)
    assert stored(name)["received"] == 4


def test_what_is_reserved_while_books_are_counted_is_counted_once(
    app: Flask, user: Client, product: Product
) -> None:
    name = product(1000)
    inventories().update_one({"productId": name}, {"$set": {"stock": 500, "received": 7}})

    def count() -> None:
        with app.app_context():
            for _ in range(20):
                books.recount(name)
                inventories().update_one({"productId": name}, {"$set": {"received": 7}})
            books.recount(name)

    def buy() -> None:
        for _ in range(10):
            assert user.order({name: 3}).status_code == 201

    together([count, buy])

    product_now = stored(name)
    assert product_now["received"] == 500
    assert books.books_of(product_now).add_up


def test_a_product_that_is_not_there_cannot_be_counted(run: Run) -> None:
    refused = run("inventory", "recount", "nobody-has-this")

    assert refused.exit_code == 1
    assert "There is no product nobody-has-this." in refused.output


@pytest.mark.parametrize(("words", "fields"), ODD.values(), ids=list(ODD))
def test_the_audit_names_an_odd_product_and_a_command_mends_it(
    run: Run, plant: Plant, product: Product, words: str, fields: dict[str, Any]
) -> None:
    name, after = f"odd-{uuid4().hex}", product(1)
    plant(**fields, productId=name)
    inventories().update_one({"productId": after}, {"$set": {"stock": 2}})

    for options in ([], ["--full"]):
        audit = run("audit", *options)
        (finding,) = [line for line in audit.output.splitlines() if name in line]
        assert finding.startswith(f"product {name} is odd, and left out: {words}")
        assert finding.endswith("; mend it by setting its stock: flask inventory set")
        assert "7f3b9c" not in audit.output, "a value"
        assert f"product {after}: stock 2" in audit.output, "it goes on"
    lines = run("inventory", "recount").output
    assert f"{name}  odd: {words}" in lines and f"{after}  received 1, now 2" in lines
    shown = run("inventory", "show")
    assert shown.exit_code == 0 and name in shown.output and after in shown.output

    assert run("inventory", "set", name, "--stock", "4").output.startswith(f"Set {name}: stock 4")
    assert told(run, name, "audit") == []


@pytest.mark.parametrize("product_id", [7, None, "a\nb", "x" * 65])
def test_a_product_whose_id_is_odd_is_named_by_its_document(run: Run, plant: Plant, product_id: Any) -> None:
    document_id = plant(productId=product_id, stock=1)

    (finding,) = told(run, document_id, "audit")

    assert finding == (
        f"product with _id {document_id} is odd, and left out: "
        "productId is not 1 to 64 printable characters; "
        "give it a productId that can be ordered, or remove it from the collection inventories"
    )
    (line,) = told(run, document_id, "inventory", "recount", "--yes")
    assert "give it a productId" in line


def test_entries_of_holds_that_are_no_reservations_are_told_and_taken_away(run: Run, plant: Plant) -> None:
    name = f"odd-{uuid4().hex}"
    plant(productId=name, received=5, **READABLE["odd holds"][0])
    assert told(run, name, "audit") == [
        f"product {name}: 5 entries of its holds are no holds; "
        "mend it by setting its stock: flask inventory set"
    ]

    run("inventory", "set", name, "--stock", "5")

    assert told(run, name, "audit") == []
    assert stored(name)["holds"] == []


def test_a_command_prints_no_log_line_about_an_odd_product(
    plant: Plant, product: Product, settings: Mapping[str, str], tmp_path: Path
) -> None:
    odd, good = f"odd-{uuid4().hex}", product(1)
    plant(productId=odd, stock="text")

    shown = subprocess.run(
        [sys.executable, "-m", "flask", "inventory", "show"],
        cwd=ROOT,
        env=clean_environment({**settings, "LOCAL_DIR": str(tmp_path)}),
        capture_output=True,
        text=True,
        check=False,
    )

    assert shown.returncode == 0, shown.stderr
    assert good in shown.stdout and odd in shown.stdout
    assert shown.stderr == ""


def test_making_the_indexes_counts_what_can_be_counted(run: Run, plant: Plant) -> None:
    name, odd = f"node-{uuid4().hex}", f"odd-{uuid4().hex}"
    plant(productId=odd, stock="text")
    plant(productId=name, stock=4)

    made = run("indexes", "create")

    assert made.exit_code == 0
    assert "Counted the books of 1 product that another program made." in made.output
    assert stored(name)["received"] == 4
    assert "received" not in stored(odd)


def test_a_product_that_is_sold_out_has_books_too(run: Run, product: Product) -> None:
    name = product(0)

    assert told(run, name, "audit") == []


def test_a_full_audit_compares_what_is_sold_with_the_orders(run: Run, bare: Database[dict[str, Any]]) -> None:
    """On a database of its own: while anything is left to do for an order, this is not looked at."""
    inventory.set_stock("p", stock=3, price=10)
    bare["inventories"].update_one({"productId": "p"}, {"$set": {"sold": 2, "received": 5}})
    plant_processed_order(bare, "p", 2)
    assert told(run, "product p", "audit", "--full") == []

    plant_processed_order(bare, "p", 1)

    assert told(run, "product p", "audit", "--full") == ["product p: sold 2, but Processed orders have 3"]


def plant_processed_order(database: Database[dict[str, Any]], product_id: str, quantity: int) -> None:
    """One whose mail is sent, as the worker leaves it."""
    order_id, now = ObjectId(), clock.now()
    database["orders"].insert_one(
        {
            "_id": order_id,
            "orderId": str(order_id),
            "userId": ObjectId(),
            "items": [{"productId": product_id, "quantity": quantity, "unitPrice": 10, "holdId": "h"}],
            "totalAmount": 10 * quantity,
            "status": "Processed",
            "accepted": True,
            "settled": True,
            "mail": {"state": "sent", "attempts": 1, "messageId": "m"},
            "history": [{"at": now, "event": "received"}],
            "createdAt": now,
            "updatedAt": now,
        }
    )
