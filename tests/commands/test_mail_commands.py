"""`flask mails`, on a database of its own: a worker would send what a test makes due."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from bson import ObjectId
from flask import Flask

from config.resources import resources
from models import indexes, order_mail, user
from tests.commands.conftest import Run
from tests.support.collections import orders
from tests.support.node_app import node_order
from tests.support.replaced import bound_to
from utils import clock

Document = Any
Write = Callable[..., Document]


@pytest.fixture
def write(app: Flask) -> Iterator[Write]:
    """Writes a processed order of that age, with that mail."""

    def insert(state: str, age: timedelta = timedelta(0), reason: str = "", **fields: Any) -> Document:
        at = clock.now() - age
        order_id = ObjectId(ObjectId.from_datetime(at).binary[:4] + ObjectId().binary[4:])
        mail = {"state": state, "attempts": 1, **({"reason": reason} if reason else {})}
        made = {"_id": order_id, "createdAt": at, "updatedAt": at, "status": "Processed", "mail": mail}
        ours = {"accepted": True, "settled": True, "history": [{"at": at, "event": "processed"}]}
        order = node_order(ObjectId(), **{**made, **ours, **fields})
        orders().insert_one(order)
        return order

    client: Any = resources().mongodb.client
    database = client[f"mails_{uuid4().hex[:12]}"]
    with bound_to(client, database):
        indexes.create_all()
        yield insert
    client.drop_database(database.name)


def states() -> list[str]:
    """Of all mails, those of the oldest orders first."""
    return [order["mail"]["state"] for order in orders().find().sort("_id", 1)]


def test_mails_are_listed_by_their_orders_the_newest_first(run: Run, write: Write) -> None:
    customer = user.insert("customer@example.com", "not a hash")
    old = write("sent", timedelta(days=3))
    refused = write("refused", timedelta(hours=2), reason="MessageRejected", userId=customer)
    due = write("due", nextActionAt=clock.now())

    head, *table = [re.split(" {2,}", line) for line in run("mails", "list").output.splitlines()]

    assert head == ["ORDER", "CREATED (UTC)", "STATE", "TRIES", "NEXT TRY (UTC)", "REASON", "CUSTOMER"]
    assert [line[0] for line in table] == [due["orderId"], refused["orderId"], old["orderId"]]
    assert table[1][2:] == ["refused", "1", "-", "MessageRejected", "customer@example.com"]


def test_they_are_found_by_state_and_age_and_printed_as_json(run: Run, write: Write) -> None:
    write("refused", timedelta(days=3))
    newer = write("refused", timedelta(hours=2))
    write("sent", timedelta(hours=1))

    found = run("mails", "list", "--state", "refused", "--since", "1d", "--json").stdout.splitlines()

    (only,) = map(json.loads, found)
    assert (only["orderId"], only["mail"]["state"]) == (newer["orderId"], "refused")
    assert run("mails", "list", "--state", "unknown").stderr == "No mails.\n"


def test_it_tells_when_there_are_more(run: Run, write: Write) -> None:
    for _ in range(3):
        write("sent")

    result = run("mails", "list", "--limit", "2", "--json")

    assert len(result.stdout.splitlines()) == 2
    assert "more than these 2" in result.stderr


def test_without_yes_refused_mails_are_counted_and_nothing_is_done(run: Run, write: Write) -> None:
    write("refused"), write("refused"), write("sent")

    result = run("mails", "retry", "--state", "refused")

    assert (result.exit_code, result.output) == (0, "2 in all. With --yes they are sent again.\n")
    assert states() == ["refused", "refused", "sent"]
    assert orders().count_documents({"nextActionAt": {"$exists": True}}) == 0


def test_with_yes_they_are_due_again_and_no_others(run: Run, write: Write) -> None:
    write("refused", timedelta(days=3))
    write("refused", timedelta(hours=2), reason="MessageRejected")
    write("sent", timedelta(hours=1))

    result = run("mails", "retry", "--state", "refused", "--since", "1d", "--yes")

    assert result.output.startswith("1 due again;")
    assert states() == ["refused", "due", "sent"]
    (due,) = order_mail.find_mails("due")
    assert due["mail"] == {"state": "due", "attempts": 1}
    assert due["nextActionAt"] <= clock.now()
    assert due["history"][-1]["event"] == "mail_requested"
    assert run("mails", "retry", "--state", "refused", "--since", "1d", "--yes").output.startswith("0 due")
    assert run("mails", "retry", "--state", "refused", "--since", "1d").output == "There are none.\n"


def test_mails_to_nobody_and_odd_orders_are_left_out(run: Run, write: Write) -> None:
    write("refused", reason=order_mail.NO_CUSTOMER)
    odd = write("refused", history="text")
    aside = write("refused", putAside={"at": clock.now(), "reason": "as planned"})
    listed = write("refused", mail=[{"state": "refused"}])

    result = run("mails", "retry", "--state", "refused", "--yes")

    assert result.stdout.startswith("0 due again;")
    assert sorted(result.stderr.splitlines()) == sorted(
        [
            f"Order {odd['orderId']}: left out, history is str instead of list",
            f"Order {aside['orderId']}: left out, it is put aside",
            f"Order {listed['orderId']}: left out, mail is list instead of dict",
        ]
    )


def test_a_mail_that_was_sent_meanwhile_is_not_sent_again(run: Run, write: Write) -> None:
    seen = write("refused")
    orders().update_one({"_id": seen["_id"]}, {"$set": {"mail": {"state": "sent", "attempts": 2}}})

    assert order_mail.request_mail(seen) is None

    assert states() == ["sent"]


def test_what_to_retry_must_be_said(run: Run, write: Write) -> None:
    assert run("mails", "retry", "--yes").exit_code == 2
    assert run("mails", "retry", "--state", "sent", "--yes").exit_code == 2


def test_addresses_that_get_no_mails_are_listed_and_can_be_allowed_again(run: Run, write: Write) -> None:
    user.insert("well@example.com", "not a hash")
    user.insert("bounced@example.com", "not a hash")
    assert run("mails", "suppressed").output == "No address is suppressed.\n"
    assert user.suppress_mail("Bounced@Example.com", "bounced")
    assert not user.suppress_mail("bounced@example.com", "bounced"), "that is no news"

    head, row = [re.split(" {2,}", line) for line in run("mails", "suppressed").output.splitlines()]
    assert head == ["EMAIL", "REASON", "SINCE (UTC)"]
    assert row[:2] == ["bounced@example.com", "bounced"]
    (line,) = run("mails", "suppressed", "--json").output.splitlines()
    assert json.loads(line)["mailSuppressed"]["reason"] == "bounced"

    allowed = run("mails", "allow", "BOUNCED@example.com")
    assert allowed.output.startswith("BOUNCED@example.com gets mails again.")
    assert run("mails", "suppressed").output == "No address is suppressed.\n"
    again = run("mails", "allow", "bounced@example.com")
    assert (again.exit_code, "is suppressed" in again.output) == (1, True)
    assert "password" not in line
