"""The checker on wrong books: it finds each thing that is wrong with them, and nothing in sound ones."""

import ast
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.faults import checker, checker_answers, checker_mails
from tests.faults.wrong_books import (
    OTHER,
    Books,
    Rows,
    broken,
    logged,
    mailed_again,
    noted,
    order,
    sent,
    ses_answered,
    shown,
    sound,
)


def _check(books: Books) -> list[str]:
    database = {"orders": Rows(books["orders"]), "inventories": Rows(books["products"])}
    return checker.check(books["log"], database, books["record"])


_BUY_A, _READ_B, _CANCEL_B, _BUY_C, _READ_A = 4, 6, 7, 9, 10

CORRUPTIONS: dict[str, tuple[str, Callable[[Books], Any]]] = {
    "an acknowledged order is gone": ("lost", lambda b: b["orders"].pop(0)),
    "an acknowledged order was rejected": ("lost", lambda b: b["orders"][0].update(accepted=False)),
    "an acknowledged order has other items": (
        "changed",
        lambda b: b["orders"][0]["items"][0].update(quantity=1),
    ),
    "an acknowledged order cannot be read": ("lost", lambda b: logged(b, _READ_A, status=404, shown=None)),
    "an acknowledged order cannot be cancelled": (
        "lost",
        lambda b: logged(b, _CANCEL_B, status=404, shown=None),
    ),
    "a client was answered 500": ("answered 500", lambda b: logged(b, _READ_A, status=500, shown=None)),
    "a cancelled order was sold": (
        "cancel lost",
        lambda b: b["orders"][1].update(status="Processed", failureReason=""),
    ),
    "an accepted order failed by itself": ("failed", lambda b: b["log"].pop(_CANCEL_B)),
    "a key has two orders": (
        "ordered twice",
        lambda b: b["orders"].append(order("A", "Processed", 0, 0) | {"orderId": "A2"}),
    ),
    "a key was answered with two orders": ("answers differ", lambda b: logged(b, _BUY_A, orderId="B")),
    "an order that nobody sent": (
        "never ordered",
        lambda b: b["orders"].append(order("X", "Processed", 0, 0)),
    ),
    "an order is still Pending": ("not ended", lambda b: b["orders"][0].update(status="Pending")),
    "an order is not settled": ("not settled", lambda b: b["orders"][0].update(settled=False)),
    "an order still waits": ("not at rest", lambda b: b["orders"][0].update(nextActionAt=0)),
    "stock is negative": ("sold twice", lambda b: b["products"][0].update(stock=-1)),
    "a hold is left": ("held for ever", lambda b: b["products"][0]["holds"].append({"quantity": 0})),
    "sold is not what the orders say": ("sold:", lambda b: b["products"][0].update(sold=1, stock=4)),
    "units vanished": ("vanished", lambda b: b["products"][0].update(stock=2)),
    "a product is gone": ("gone", lambda b: b["products"].clear()),
    "an order costs something else": ("wrong total", lambda b: b["orders"][0].update(totalAmount=10.5)),
    "an answer has another total": ("wrong total", lambda b: b["log"][_BUY_A]["shown"].update(totalAmount=2)),
    "a read has another total": ("wrong total", lambda b: b["log"][_READ_A]["shown"].update(totalAmount=2)),
    "somebody is shown another's order": ("another's", lambda b: logged(b, _READ_A, userId=OTHER)),
    "a read shows another order": (
        "another's",
        lambda b: logged(b, _READ_A, shown=shown("B", 31.5, "Failed")),
    ),
    "a read says that it is another's": (
        "another's",
        lambda b: b["log"][_READ_A]["shown"].update(userId=OTHER),
    ),
    "a read is older than 2 s": ("old", lambda b: logged(b, _READ_B)),
    "a read is old when all are at rest": (
        "old",
        lambda b: (
            b["log"].append({"op": "rest", "at": 150.0}),
            logged(b, _READ_A, shown=shown("A", 21), sent=152.1),
        ),
    ),
    "a read shows another end": (
        "shown wrongly",
        lambda b: b["log"][_READ_A]["shown"].update(status="Failed"),
    ),
    "out of stock while there was enough": (
        "false 409",
        lambda b: (b["log"][0].update(stock=50), b["products"][0].update(stock=48)),
    ),
    "in progress while nothing is": (
        "false 409",
        lambda b: logged(b, _BUY_C, key="d", code="request_in_progress"),
    ),
    "no cancel of a cancelled order": (
        "false 409",
        lambda b: logged(b, _CANCEL_B, status=409, shown=None),
    ),
    "a mail is missing": ("no mail", lambda b: b["record"].pop(0)),
    "a mail was throttled for ever": ("no mail", lambda b: ses_answered(b, "throttled", taken=False)),
    "SES' 500 was taken for a refusal": (
        "no mail",
        lambda b: (ses_answered(b, "500", taken=False), b["orders"][0].update(mail={"state": "refused"})),
    ),
    "a mail that SES took is called refused": (
        "not refused",
        lambda b: (ses_answered(b, "500", taken=True), b["orders"][0].update(mail={"state": "refused"})),
    ),
    "a mail was sent twice": ("too many mails", mailed_again),
    "a mail was sent twice, as the application says for a reason": (
        "too many mails",
        lambda b: (mailed_again(b), b["orders"][0].update(history=[{"event": "mail_unknown"}] * 3)),
    ),
    "a mail was sent a third time after an unknown outcome": (
        "too many mails",
        lambda b: (ses_answered(b, "reset", taken=True), mailed_again(b), mailed_again(b, at=400.0)),
    ),
    "a mail was sent twice, though the worker died long before": (
        "too many mails",
        lambda b: (mailed_again(b), broken(b, "kill worker 0", 190.0)),
    ),
    "a mail was sent twice, though the worker died much later": (
        "too many mails",
        lambda b: (mailed_again(b), broken(b, "kill worker 0", 250.0)),
    ),
    "a mail was sent twice while Redis was gone": (
        "too many mails",
        lambda b: (mailed_again(b), broken(b, "kill redis", 199.0, 5.0)),
    ),
    "one death excuses every mail": (
        "too many mails",
        lambda b: (broken(b, "kill worker 0", 201.0), [mailed_again(b, at=200.0) for _ in range(20)]),
    ),
    "a mail was sent twice without a note": (
        "too many mails",
        lambda b: (ses_answered(b, "500", taken=True), mailed_again(b)),
    ),
    "a mail about a rejected order": ("too many mails", lambda b: b["record"].append(sent("C", []))),
    "a mail went to the shop": ("wrong mail", lambda b: b["record"][0].update(to=["shop@example.com"])),
    "a mail went to the shop too": ("wrong mail", lambda b: b["record"][0]["to"].append("shop@example.com")),
    "a mail has another subject": ("wrong mail", lambda b: b["record"][0].update(subject="Order A")),
    "a mail has an empty text": ("wrong mail", lambda b: b["record"][0].update(text="")),
    "a mail tells of another end": (
        "wrong mail",
        lambda b: b["record"][0].update(text=b["record"][0]["text"].replace("Processed", "Failed")),
    ),
    "a mail tells another total": (
        "wrong mail",
        lambda b: b["record"][0].update(text=b["record"][0]["text"].replace("Total: 21", "Total: 12")),
    ),
    "a mail lacks an item": (
        "wrong mail",
        lambda b: b["record"][0].update(text=b["record"][0]["text"].replace("2 x p", "2 x q")),
    ),
}

ALLOWED: dict[str, Callable[[Books], Any]] = {
    "a second mail after an answer that told nothing": (
        lambda b: (ses_answered(b, "500", taken=True), mailed_again(b), noted(b))
    ),
    "a second mail after no answer": lambda b: (
        ses_answered(b, "hang", taken=True),
        mailed_again(b),
        noted(b),
    ),
    "a second mail of a worker that died at once": lambda b: (
        mailed_again(b),
        noted(b),
        broken(b, "kill worker 1", 200.5),
    ),
    "a second mail that MongoDB could not be told of": (
        lambda b: (mailed_again(b), noted(b), broken(b, "silence mongo", 199.0, 1.5))
    ),
    "a second mail of which SES' answer was cut": lambda b: (
        mailed_again(b),
        noted(b),
        broken(b, "cut ses", 199.0, 1.5),
    ),
    "no mail where SES refused it": lambda b: ses_answered(b, "refused", taken=False),
    "a mail that SES took the second time": lambda b: (
        ses_answered(b, "throttled", taken=False),
        mailed_again(b),
    ),
    "an old read while a fault holds requests up": (
        lambda b: (broken(b, "stop api 0", 90.0), logged(b, _READ_B, sent=83.5))
    ),
    "a read that is less than 2 s old": lambda b: logged(b, _READ_B, sent=72.9),
    "a cancel that was refused at first": (
        lambda b: logged(b, _CANCEL_B, sent=65.0, at=66.0, status=409, shown=None)
    ),
    "a replay after the end": lambda b: logged(b, _BUY_A, replayed=True),
    "in progress while another try is": (
        lambda b: logged(b, _BUY_C, key="a", items={"p": 2}, code="request_in_progress")
    ),
}


def test_sound_books_are_sound() -> None:
    assert _check(sound()) == []


@pytest.mark.parametrize("name", ALLOWED)
def test_the_checker_allows(name: str) -> None:
    books = deepcopy(sound())
    ALLOWED[name](books)

    assert _check(books) == []


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_checker_finds_that(name: str) -> None:
    finding, corrupt = CORRUPTIONS[name]
    books = deepcopy(sound())
    corrupt(books)

    found = _check(books)

    assert any(line.startswith(finding) for line in found), found


@pytest.mark.parametrize("part", [checker, checker_answers, checker_mails], ids=lambda part: part.__name__)
def test_the_checker_shares_no_code_with_the_application(part: ModuleType) -> None:
    tree = ast.parse(Path(part.__file__ or "").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    others = {name for name in imported if not name.startswith("tests.faults.checker")}

    assert {name.partition(".")[0] for name in others} <= {*sys.stdlib_module_names, "bson"}
