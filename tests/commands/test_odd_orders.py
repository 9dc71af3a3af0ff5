"""What `flask audit` and `flask orders` make of orders and accounts that other programs left.

On a database of its own: a worker would put aside or take up what a test plants.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from bson import ObjectId
from flask import Flask

from config.resources import resources
from models import indexes, order_faults
from tests.commands.conftest import Run
from tests.support.collections import orders, users
from tests.support.node_accounts import node_user
from tests.support.node_app import node_order
from tests.support.odd_orders import ODD, SECRET, damaged
from tests.support.replaced import bound_to
from utils import clock

Document = Any
Write = Callable[..., Document]


@pytest.fixture
def alone(app: Flask) -> Iterator[None]:
    client: Any = resources().mongodb.client
    database = client[f"alone_{uuid4().hex[:12]}"]
    with bound_to(client, database):
        indexes.create_all()
        yield
    client.drop_database(database.name)


@pytest.fixture
def write(alone: None) -> Write:
    """Writes an order of that age."""

    def insert(age: timedelta = timedelta(0), how: str = "", **fields: Any) -> Document:
        at = clock.now() - age
        order_id = ObjectId(ObjectId.from_datetime(at).binary[:4] + ObjectId().binary[4:])
        made = {"_id": order_id, "createdAt": at, "updatedAt": at, "status": "Processed", **fields}
        order = node_order(ObjectId(), **made)
        order = damaged(order, how) if how else order
        orders().insert_one(order)
        return order

    return insert


def of_ours(**fields: Any) -> Document:
    """What an order of ours has that ended well."""
    history = [{"at": clock.now(), "event": "accepted"}, {"at": clock.now(), "event": "processed"}]
    mail = {"state": "sent", "attempts": 1}
    return {"accepted": True, "settled": True, "mail": mail, "history": history, **fields}


def lines(run: Run, *options: str) -> list[str]:
    """What the audit finds."""
    result = run("audit", *options)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return [
        line
        for line in result.output.splitlines()
        if not line.endswith(("finding.", "findings.", "All is well."))
    ]


@pytest.mark.parametrize("how", ODD)
def test_an_odd_order_with_open_work_is_named_and_the_audit_goes_on(run: Run, write: Write, how: str) -> None:
    odd = write(how=how, nextActionAt=clock.now())
    overdue = write(**of_ours(nextActionAt=clock.now() - timedelta(hours=2)))

    found = lines(run)

    name = odd.get("orderId", odd["_id"])
    assert [line for line in found if line.startswith(f"order {name}: ") and "cannot work on it" in line]
    assert [line for line in found if overdue["orderId"] in line and "due since" in line]
    assert SECRET not in str(found)


def test_an_order_whose_time_is_text_is_named(run: Run, write: Write) -> None:
    odd = write(nextActionAt="tomorrow")

    assert lines(run) == [
        f"order {odd['orderId']}: nextActionAt is str instead of datetime; the worker cannot work on it"
    ]


@pytest.mark.parametrize("how", ODD)
def test_an_odd_order_at_rest_is_named_once_by_the_full_audit(run: Run, write: Write, how: str) -> None:
    odd, good = write(how=how), write()

    found = lines(run, "--full")

    name = str(odd.get("orderId", odd["_id"]))
    assert len([line for line in found if line.startswith(f"order {name}: ")]) == 1
    assert not [line for line in found if good["orderId"] in line]
    assert SECRET not in str(found)


def test_an_id_that_a_terminal_would_obey_is_not_printed(run: Run, write: Write) -> None:
    odd = write(how="text as items", orderId="\x1b[2J", nextActionAt=clock.now())

    assert lines(run)[0].startswith(f"order {odd['_id']}: items is str")


def test_what_was_put_aside_is_named_with_its_reason_until_it_is_taken_back(run: Run, write: Write) -> None:
    order = write(**of_ours(nextActionAt=clock.now()))
    assert order_faults.put_aside(order, "as planned")
    (line,) = lines(run)
    assert line.startswith(f"order {order['orderId']}: put aside since ")
    assert line.endswith(f": as planned. Mend it, then: flask orders retry {order['orderId']}")
    assert lines(run, "--full") == [line]

    assert run("orders", "resend-email", order["orderId"]).exit_code == 1
    result = run("orders", "retry", order["orderId"])

    assert result.output == f"Order {order['orderId']} is due again; a worker looks at it.\n"
    assert run("audit").output == "All is well.\n"
    assert "not put aside" in run("orders", "retry", order["orderId"]).output


def test_what_is_not_mended_stays_put_aside(run: Run, write: Write) -> None:
    odd = write(how="text as history", putAside={"at": clock.now(), "reason": "x"})
    good = write(putAside={"at": clock.now(), "reason": "x"})

    one, both = run("orders", "retry", odd["orderId"]), run("orders", "retry", "--all")

    assert (one.exit_code, both.exit_code) == (1, 1)
    assert "history is str instead of list. Mend the document first." in one.output
    assert f"Order {good['orderId']} is due again" in both.output
    assert "1 stayed put aside." in both.output
    assert [order["orderId"] for order in order_faults.find_put_aside()] == [odd["orderId"]]


@pytest.mark.parametrize("arguments", [[], ["some", "--all"]])
def test_a_retry_is_of_one_order_or_of_all(run: Run, arguments: list[str]) -> None:
    result = run("orders", "retry", *arguments)

    assert result.exit_code == 2
    assert "Name one order, or say --all." in result.output


# Orders of ours whose status another program changed


def test_a_cancelled_order_that_became_processed_shows_in_the_plain_audit(run: Run, write: Write) -> None:
    history = [{"at": clock.now(), "event": "cancelled"}]
    order = write(**of_ours(failureReason="cancelled", history=history))
    same_without_history = write(**of_ours(failureReason="cancelled", history=[]))

    assert sorted(lines(run)) == sorted(
        [
            f"order {order['orderId']}: status is Processed, but its history says Failed",
            f"order {same_without_history['orderId']}: status is Processed, but it has a failureReason",
        ]
    )
    assert len(lines(run, "--full")) == 2


def test_a_processed_order_that_is_pending_again_shows_in_the_plain_audit(run: Run, write: Write) -> None:
    order = write(**of_ours(status="Pending"))

    assert lines(run) == [f"order {order['orderId']}: status is Pending, but its history says Processed"]
    assert lines(run, "--full") == lines(run)


def test_a_processed_order_that_became_failed_shows_in_the_full_audit(run: Run, write: Write) -> None:
    order = write(**of_ours(status="Failed"))

    assert lines(run) == []
    assert lines(run, "--full") == [
        f"order {order['orderId']}: status is Failed, but its history says Processed"
    ]


def test_no_mail_is_sent_once_more_about_an_order_that_says_both(run: Run, write: Write) -> None:
    order = write(**of_ours(status="Failed"))

    result = run("orders", "resend-email", order["orderId"])

    assert result.exit_code == 1
    assert "status is Failed, but its history says Processed" in result.output


# Pending orders of the Node app


def test_pending_orders_older_than_a_day_are_counted_and_named(run: Run, write: Write) -> None:
    old = [write(timedelta(days=days), status="Pending") for days in (2, 700)]
    write(timedelta(minutes=1), status="Pending")  # the worker takes it up

    (line,) = lines(run)

    assert line.startswith(
        "2 Pending orders of another program, older than a day, of which no worker knows: "
    )
    assert all(order["orderId"] in line for order in old)
    assert line.endswith("; see flask orders adopt")


def test_a_recent_one_that_nobody_takes_up_is_named(run: Run, write: Write) -> None:
    order = write(timedelta(minutes=6), status="Pending")

    (line,) = lines(run)

    assert line.startswith(f"order {order['orderId']}: Pending since ")
    assert line.endswith("made by another program; is a worker running?")


def test_many_are_counted_and_twenty_named(run: Run, write: Write) -> None:
    for _ in range(25):
        write(timedelta(days=2), status="Pending")

    (line,) = lines(run)

    assert line.startswith("25 Pending orders")
    assert line.count("ORD ") == 20
    assert line.endswith(", ...; see flask orders adopt")


def test_they_are_shown_and_with_yes_adopted(run: Run, write: Write) -> None:
    old = [write(timedelta(days=days), status="Pending") for days in (2, 700)]
    odd = write(timedelta(days=2), status="Pending", how="text as items")
    recent = write(timedelta(hours=1), status="Pending")

    shown = run("orders", "adopt")
    assert shown.exit_code == 0
    assert all(f"{order['orderId']}  {clock.to_iso(order['createdAt'])}" in shown.output for order in old)
    assert "2 in all. With --yes they are processed, and each customer gets a mail." in shown.output
    assert f"Order {odd['orderId']}: left out, items is str instead of list" in shown.output
    assert recent["orderId"] not in shown.output
    assert orders().count_documents({"nextActionAt": {"$exists": True}}) == 0

    assert "2 handed to the worker." in run("orders", "adopt", "--yes").output

    due = orders().find({"nextActionAt": {"$lte": clock.now()}})
    assert {order["orderId"] for order in due} == {order["orderId"] for order in old}
    assert "There are none." in run("orders", "adopt").output


# Accounts


def test_accounts_that_share_an_address_but_for_case_are_named(run: Run, alone: None) -> None:
    assert lines(run) == []
    users().drop_index("email_folded")
    twins = [
        node_user(email, "x", 4) for email in ("Carl@example.com", "carl@example.com", "CARL@example.com")
    ]
    users().insert_many([*twins, node_user("anna@example.com", "x", 4), {"email": 5}, {"password": "x"}])

    found = [line for line in lines(run) if line.startswith("accounts ")]

    assert len(found) == 1
    assert all(str(twin["_id"]) in found[0] for twin in twins)
    assert "3 with one address but for upper and lower case" in found[0]
    assert "example.com" not in found[0]


@pytest.mark.parametrize(
    "changes",
    [{"status": "Pending", "settled": False}, {"status": "Failed", "settled": True}],
    ids=["Pending", "its stock is back"],
)
def test_an_undo_that_is_owed_by_an_order_that_cannot_owe_one_is_named(
    run: Run, write: Write, changes: dict[str, Any]
) -> None:
    document = {**of_ours(), **changes, "history": [], "undoOwed": True, "nextActionAt": clock.now()}
    document.pop("mail")
    order = write(**document)

    assert lines(run)[0].startswith(f"order {order['orderId']}: its undo is owed, but ")
