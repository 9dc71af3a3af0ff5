"""`flask orders list` and `show`, as people read them."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import bson
import pytest
from bson import ObjectId

from commands.printing import json_line, text
from models import order
from tests.commands.conftest import Run
from tests.support.client import Client
from tests.support.collections import orders
from utils import clock

Product = Callable[..., str]
Plant = Callable[..., dict[str, Any]]


@pytest.fixture
def plant(app: object) -> Iterator[Plant]:
    """Puts orders into the database as any program might have written them, for as long as the test takes."""
    ids: list[ObjectId] = []

    def put(age: timedelta = timedelta(0), **fields: Any) -> dict[str, Any]:
        """Of the same age, the later one is the newer."""
        stamp = ObjectId.from_datetime(clock.now() - age).binary[:4]
        document = {"_id": ObjectId(stamp + b"\xff\xff\xff\xff" + len(ids).to_bytes(4, "big")), **fields}
        document.setdefault("orderId", str(document["_id"]))
        ids.append(document["_id"])
        orders().insert_one(document)
        return document

    yield put
    orders().delete_many({"_id": {"$in": ids}})


def _ids(output: str) -> list[str]:
    """The first column, without its head."""
    return [line.split()[0] for line in output.splitlines()[1:]]


def test_orders_are_listed_newest_first_with_what_matters(run: Run, user: Client, plant: Plant) -> None:
    mine = {
        "userId": ObjectId(user.user_id),
        "totalAmount": 19.5,
        "items": [{"productId": "x", "quantity": 2}],
    }
    older = plant(timedelta(hours=2), status="Failed", failureReason="out_of_stock", **mine)
    newer = plant(status="Processed", createdAt=datetime.fromisoformat("2026-11-25T10:00:05Z"), **mine)

    head, first, second = run("orders", "list", "--email", user.email).output.splitlines()

    assert head.split() == ["ORDER", "CREATED", "(UTC)", "STATUS", "REASON", "ITEMS", "TOTAL", "CUSTOMER"]
    assert first.split() == [
        newer["orderId"],
        "2026-11-25",
        "10:00:05",
        "Processed",
        "-",
        "1",
        "19.50",
        user.email,
    ]
    assert second.split() == [older["orderId"], "-", "Failed", "out_of_stock", "1", "19.50", user.email]


def test_an_order_that_was_just_placed_is_listed(run: Run, user: Client, product: Product) -> None:
    placed = user.order({product(5): 1}).json()

    as_table = run("orders", "list", "--email", user.email.upper(), "--since", "1h")
    as_json = run("orders", "list", "--email", user.email, "--json")

    assert _ids(as_table.output) == [placed["orderId"]]
    (document,) = map(json.loads, as_json.output.splitlines())
    assert (document["_id"], document["createdAt"]) == (placed["_id"], placed["createdAt"])
    shown = json.loads(run("orders", "show", placed["orderId"], "--json").output)
    assert shown["history"][:2] == document["history"][:2]


def test_orders_are_chosen_by_status(run: Run, user: Client, plant: Plant) -> None:
    mine = {"userId": ObjectId(user.user_id), "nextActionAt": clock.after(3600)}
    made = {status: plant(status=status, **mine)["orderId"] for status in order.STATUSES}

    for status, order_id in made.items():
        result = run("orders", "list", "--email", user.email, "--status", status.lower())
        assert _ids(result.output) == [order_id]
    assert run("orders", "list", "--status", "Lost").exit_code == 2


def test_orders_are_chosen_by_age(run: Run, user: Client, plant: Plant) -> None:
    mine = {"userId": ObjectId(user.user_id), "status": "Failed"}
    now = clock.now()
    hour, day, week = (
        plant(age, **mine)["orderId"]
        for age in (timedelta(minutes=50), timedelta(hours=20), timedelta(days=6))
    )

    def since(when: str) -> list[str]:
        result = run("orders", "list", "--email", user.email, "--since", when)
        assert result.exit_code == 0, result.output
        return _ids(result.stdout)

    assert since("5m") == []
    assert since("1h") == [hour]
    assert since("1d") == since("24h") == [hour, day]
    assert since("1w") == since("1960-01-01") == [hour, day, week]
    assert since((now - timedelta(days=2)).date().isoformat()) == [hour, day]
    assert since((now - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")) == [hour]
    assert since((now - timedelta(hours=2)).isoformat()) == [hour]


@pytest.mark.parametrize("when", ["yesterday", "2", "h", "-2h", "999999w", "2026-13-01", "9999-01-01", ""])
def test_a_time_that_is_none_is_a_fault_of_usage(run: Run, when: str) -> None:
    result = run("orders", "list", "--since", when)

    assert result.exit_code == 2
    assert "is no time. Write 45m, 2h" in result.output or "lies in the future" in result.output


def test_a_list_tells_that_there_are_more(run: Run, user: Client, plant: Plant) -> None:
    for _ in range(21):
        plant(userId=ObjectId(user.user_id), status="Failed")

    result = run("orders", "list", "--email", user.email)

    assert len(_ids(result.stdout)) == 20
    assert result.stderr == "There are more than these 20: --limit shows up to 10000.\n"
    assert run("orders", "list", "--email", user.email, "--limit", "21").stderr == ""


def test_orders_of_nobody_are_an_error_and_no_orders_are_none(run: Run, user: Client) -> None:
    stranger = run("orders", "list", "--email", "nobody@example.com")
    nothing = run("orders", "list", "--email", user.email)

    assert stranger.exit_code == 1
    assert "Nobody is registered as nobody@example.com." in stranger.stderr
    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, "", "No orders.\n")


ODD = [
    {},
    {"items": None, "status": None, "totalAmount": "19.99", "userId": "somebody", "history": "long"},
    {"items": [7, {"productId": "x"}], "status": ["Pending"], "totalAmount": None, "userId": {"id": 1}},
    {"orderId": "ORD-1\x1b[31m", "createdAt": "once", "updatedAt": 7, "mail": "sent", "settled": "yes"},
    {"createdAt": None, "nextActionAt": None, "failureReason": {"code": 5}, "accepted": "no"},
    {"history": [{}, 5, {"at": "once", "event": None, "why": [1]}], "items": [{"unitPrice": "x"}]},
]


@pytest.mark.parametrize("fields", ODD, ids=range(len(ODD)))
def test_odd_orders_are_listed_and_shown_as_they_are(run: Run, plant: Plant, fields: dict[str, Any]) -> None:
    planted = plant(timedelta(hours=-1), **fields)

    listed = run("orders", "list", "--limit", "100")
    shown = run("orders", "show", str(planted["_id"]))

    shown_id = planted["orderId"].replace("\x1b", r"\x1b")
    assert listed.exit_code == 0
    assert shown_id in _ids(listed.stdout)
    assert (shown.exit_code, shown.output.split()[:2]) == (0, ["Order", shown_id])
    for command in (["list", "--limit", "100"], ["show", str(planted["_id"])]):
        lines = run("orders", *command, "--json").stdout.splitlines()
        assert str(planted["_id"]) in [json.loads(line)["_id"] for line in lines]


def test_what_python_cannot_read_is_printed_all_the_same(app: object) -> None:
    """Not over the wire: the local stack's MongoDB cannot read it either."""
    written = bson.encode({"at": bson.DatetimeMS(2**60), "name": "xx"}).replace(b"xx", b"x\xff")

    read = bson.decode(written, orders().codec_options)

    assert (text(read["at"]), text(read["name"])) == ("DatetimeMS(1152921504606846976)", "x\ufffd")
    assert json.loads(json_line(read)) == {"at": "DatetimeMS(1152921504606846976)", "name": "x\ufffd"}


def test_an_order_is_shown_to_people_with_its_items_and_its_history(
    run: Run, user: Client, product: Product
) -> None:
    name = product(5, 2.5)
    placed = user.order({name: 2}).json()

    lines = run("orders", "show", placed["orderId"]).output.splitlines()

    shown = dict(line.split("  ", 1) for line in lines[: lines.index("")])
    assert {key: value.strip() for key, value in shown.items()} | {"Order": placed["orderId"]} == {
        key: value.strip() for key, value in shown.items()
    }
    assert shown["Customer"].strip() == user.email
    assert shown["Total"].strip() == "5.00"
    assert "UTC" in shown["Created"]
    assert [name, "2", "2.50"] in [line.split() for line in lines]
    assert any(line.split()[2:3] == ["received"] and "requestId=" in line for line in lines)
    assert any(line.split()[2:] == ["accepted", "-"] for line in lines)


def test_an_order_that_is_not_there_is_an_error(run: Run) -> None:
    for unknown in ("nope", str(ObjectId()), "\x00", "x" * 2000):
        result = run("orders", "show", unknown)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "`flask orders list` shows the newest." in result.stderr


def test_what_is_not_utf_8_is_told(run: Run) -> None:
    result = run("orders", "show", b"\xff".decode(errors="surrogateescape"))

    assert result.exit_code == 1
    assert "not valid UTF-8" in result.stderr


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, None),
        ({"attempts": 2}, "attempt 2"),
        (
            {"attempts": 1, "step": {"token": "t", "until": datetime.fromisoformat("2026-11-25T10:00:05Z")}},
            "attempt 1, claimed until 2026-11-25 10:00:05 UTC",
        ),
        ({"attempts": 5, "undoOwed": True}, "attempt 5, undo owed"),
        ({"attempts": "x", "step": "y"}, "attempt x, claimed until - UTC"),
    ],
    ids=str,
)
def test_show_tells_how_far_the_business_step_came(
    run: Run, plant: Plant, fields: dict[str, Any], told: str | None
) -> None:
    order_id = plant(status="Pending", **fields)["orderId"]
    lines = [line.split(maxsplit=1) for line in run("orders", "show", order_id).output.splitlines()]
    assert dict(line for line in lines if len(line) == 2).get("Step") == told
