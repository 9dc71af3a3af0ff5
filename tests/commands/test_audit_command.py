"""`flask audit`: each kind of damage is planted, found, and told in a line."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from prometheus_client.parser import text_string_to_metric_families
from pymongo import MongoClient
from pymongo.monitoring import CommandListener

from models import inventory, reservations
from tests.commands.conftest import Run
from tests.support.client import Client
from tests.support.collections import inventories, orders
from tests.support.replaced import bound_to
from tests.support.waiting import wait_for
from utils import clock

Product = Callable[..., str]


@pytest.fixture
def planted(app: object) -> Iterator[list[ObjectId]]:
    """Orders that a test damages: taken away afterwards, as the worker would stumble over them."""
    ids: list[ObjectId] = []
    yield ids
    orders().delete_many({"_id": {"$in": ids}})


class Answers(CommandListener):
    """What MongoDB answers to finds, document by document."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []

    def succeeded(self, event: Any) -> None:
        cursor = event.reply.get("cursor", {})
        self.documents += [*cursor.get("firstBatch", ()), *cursor.get("nextBatch", ())]

    def started(self, event: Any) -> None:
        """Of no interest."""

    def failed(self, event: Any) -> None:
        """Of no interest."""


def _lines(run: Run, *options: str) -> list[str]:
    result = run("audit", *options)
    return result.output.splitlines()


def _plant(planted: list[ObjectId], **fields: object) -> str:
    order_id = ObjectId()
    planted.append(order_id)
    now = clock.now()
    orders().insert_one(
        {
            "_id": order_id,
            "orderId": str(order_id),
            "userId": ObjectId(),
            "totalAmount": 1,
            "accepted": True,
            "history": [],
            "createdAt": now,
            "updatedAt": now,
            **fields,
        }
    )
    return str(order_id)


def _hold(name: str, order_id: str, age: timedelta) -> None:
    hold = {"orderId": order_id, "holdId": "h1", "quantity": 1, "at": clock.now() - age}
    inventories().update_one({"productId": name}, {"$inc": {"stock": -1}, "$push": {"holds": hold}})


def test_stock_below_zero_is_found(run: Run, product: Product) -> None:
    name = product(1)
    inventories().update_one({"productId": name}, {"$inc": {"stock": -2, "received": -2}})

    told = [line for line in _lines(run) if name in line]
    assert len(told) == 1 and told[0].startswith(f"product {name} is odd, and left out: stock is below 0; ")
    inventory.set_stock(name, stock=0)


def test_stock_that_does_not_add_up_is_found(run: Run, product: Product) -> None:
    name = product(5)
    inventories().update_one({"productId": name}, {"$inc": {"sold": 2}})

    result = run("audit")

    assert f"product {name}: stock 5 + sold 2 + held 0 is not received 5" in result.output
    assert result.exit_code == 1
    inventories().delete_one({"productId": name})


def test_an_accepted_order_without_its_hold_is_found(
    run: Run, product: Product, planted: list[ObjectId]
) -> None:
    name = product(5)
    item = {"productId": name, "quantity": 1, "holdId": "gone"}
    order_id = _plant(planted, status="Pending", items=[item], nextActionAt=clock.after(600))

    assert f"order {order_id}: accepted, but does not hold {name}" in _lines(run)


def test_an_accepted_order_with_its_hold_is_not_told_of(
    run: Run, product: Product, planted: list[ObjectId]
) -> None:
    name = product(5)
    item = {"productId": name, "quantity": 1, "holdId": "its own"}
    order_id = _plant(planted, status="Pending", items=[item], nextActionAt=clock.after(600))
    hold = {"orderId": str(order_id), "holdId": "its own", "quantity": 1, "at": clock.now()}
    inventories().update_one({"productId": name}, {"$inc": {"stock": -1}, "$push": {"holds": hold}})

    assert not [line for line in _lines(run) if str(order_id) in line or name in line]


@pytest.mark.parametrize(
    ("minutes", "fields", "finding"),
    [
        (6, {}, "due since"),
        (61, {"mail": {"state": "due", "attempts": 0}}, "its mail is due since"),
        (6, {"mail": {"state": "due", "attempts": 0}}, None),  # SES may be slow
    ],
)
def test_an_order_that_nobody_works_on_is_found(
    run: Run, planted: list[ObjectId], minutes: int, fields: dict[str, object], finding: str | None
) -> None:
    overdue = clock.now() - timedelta(minutes=minutes)

    def look() -> bool:
        """The session's worker may be quicker than the audit: then plant another one."""
        order_id = _plant(planted, status="Failed", items=[], settled=True, nextActionAt=overdue, **fields)
        told = [line for line in _lines(run) if order_id in line]
        left = orders().find_one({"orderId": order_id, "nextActionAt": overdue}) is not None
        assert told == [] or (finding and told[0].startswith(f"order {order_id}: {finding}")), told
        return bool(told) if finding else left

    assert wait_for(look)


def test_an_audit_reads_no_orders_that_are_done(
    run: Run, planted: list[ObjectId], product: Product, settings: Mapping[str, str]
) -> None:
    """So its time is that of open work and products, however many orders there have been."""
    product(1)
    mail = {"state": "sent"}
    done = [_plant(planted, status="Processed", items=[], settled=True, mail=mail) for _ in range(300)]

    answers = Answers()
    with (
        MongoClient[dict[str, Any]](
            settings["MONGO_URI"], tz_aware=True, event_listeners=[answers]
        ) as client,
        bound_to(client, client.get_default_database()),
    ):
        run("audit")

    read = {document.get("orderId") for document in answers.documents}
    assert answers.documents, "products, at least"
    assert not read & set(done)


@pytest.mark.parametrize("status", ["Failed", "Processed", None])
def test_a_stray_hold_is_found(
    run: Run, product: Product, planted: list[ObjectId], status: str | None
) -> None:
    name = product(5)
    item = {"productId": name, "quantity": 1, "holdId": "another"}
    order_id = str(ObjectId())
    if status:
        order_id = _plant(planted, status=status, items=[item], settled=True)
    _hold(name, order_id, timedelta(minutes=16))

    assert f"product {name}: stray hold h1 of order {order_id}" in _lines(run)
    reservations.free_hold(name, order_id, "h1", 1)


@pytest.mark.parametrize(
    ("fields", "finding"),
    [
        ({"status": "Pending"}, "Pending, and no worker will look at it"),
        ({"status": "Failed"}, "its holds are not settled"),
        ({"status": "Failed", "settled": True}, "its mail is missing"),
        ({"status": "Failed", "settled": True, "mail": {"state": "due", "attempts": 0}}, "its mail is due"),
    ],
)
def test_a_full_audit_finds_what_was_forgotten(
    run: Run, planted: list[ObjectId], fields: dict[str, object], finding: str
) -> None:
    order_id = _plant(planted, items=[], **fields)

    assert any(order_id in line and finding in line for line in _lines(run, "--full"))


@pytest.mark.usefixtures("worker")
def test_a_product_whose_orders_went_well_is_not_told_of(run: Run, user: Client, product: Product) -> None:
    name = product(5)
    user.ended(user.order({name: 2}).json()["orderId"])

    assert not [line for line in _lines(run, "--full") if name in line]


def test_what_the_audit_found_and_when_it_ended_is_written_for_prometheus(
    run: Run, planted: list[ObjectId], tmp_path: Path
) -> None:
    path = tmp_path / "audit.prom"
    _plant(planted, status="Processed", settled=False)

    began = time.time()
    result = run("audit", "--full", "--json", "--metrics-file", str(path))

    written = _metrics(path)
    assert written["audit_findings"] == len(result.stdout.splitlines()) > 0
    assert written["audit_finished_timestamp_seconds"] >= began


def test_a_metrics_file_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    result = run("audit", "--metrics-file", str(tmp_path / "missing" / "audit.prom"))
    assert result.exit_code == 1
    assert "cannot be written: No such file or directory." in result.output


def _metrics(path: Path) -> dict[str, float]:
    families = text_string_to_metric_families(path.read_text())
    return {sample.name: sample.value for family in families for sample in family.samples}
