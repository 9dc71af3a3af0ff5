"""The checker on books that are cooked: it finds each thing that is wrong, and nothing in sound ones."""

import ast
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.faults import checker

_USER = "6b03f4716fb3fd0904899b84"
Books = dict[str, Any]


class _Rows(list[dict[str, Any]]):
    """A collection whose every find finds all."""

    def find(self, _: Any) -> list[dict[str, Any]]:
        return self


def sound() -> Books:
    """Five units came in; an order for two was sold, one for three was cancelled, one was refused."""
    asked = {"op": "order", "userId": _USER, "code": None, "replayed": False}
    log = [
        {"op": "stock", "productId": "p", "stock": 5},
        {"op": "user", "userId": _USER},
        {**asked, "key": "a", "items": {"p": 2}, "status": None, "orderId": None},
        {**asked, "key": "a", "items": {"p": 2}, "status": 201, "orderId": "A"},
        {**asked, "key": "b", "items": {"p": 3}, "status": 201, "orderId": "B"},
        {"op": "cancel", "userId": _USER, "orderId": "B", "status": 200},
        {**asked, "key": "c", "items": {"p": 9}, "status": 409, "orderId": None, "code": "out_of_stock"},
    ]
    orders = [_order("A", "Processed", 2), _order("B", "Failed", 3, failureReason="cancelled")]
    orders.append(_order("C", "Failed", 9, accepted=False, failureReason="out_of_stock"))
    products = [{"productId": "p", "stock": 3, "sold": 2, "holds": []}]
    return {"log": log, "orders": orders, "products": products, "mails": ["A", "B"]}


def _order(order_id: str, status: str, quantity: int, **fields: Any) -> dict[str, Any]:
    return {
        "orderId": order_id,
        "items": [{"productId": "p", "quantity": quantity}],
        "status": status,
        "accepted": True,
        "settled": True,
        "idempotency": {"id": f"{_USER}:{order_id.lower()}"},
        "history": [],
        **fields,
    }


def _check(books: Books) -> list[str]:
    database = {"orders": _Rows(books["orders"]), "inventories": _Rows(books["products"])}
    return checker.check(books["log"], database, books["mails"])


CORRUPTIONS: dict[str, tuple[str, Callable[[Books], Any]]] = {
    "an acknowledged order is gone": ("lost", lambda b: b["orders"].pop(0)),
    "an acknowledged order was rejected": ("lost", lambda b: b["orders"][0].update(accepted=False)),
    "an acknowledged order has other items": (
        "changed",
        lambda b: b["orders"][0]["items"][0].update(quantity=1),
    ),
    "an acknowledged order cannot be read": (
        "lost",
        lambda b: b["log"].append({"op": "read", "userId": _USER, "orderId": "A", "status": 404}),
    ),
    "a client was answered 500": (
        "answered 500",
        lambda b: b["log"].append({"op": "read", "userId": _USER, "orderId": "A", "status": 500}),
    ),
    "a cancelled order was sold": (
        "cancel lost",
        lambda b: b["orders"][1].update(status="Processed", failureReason=""),
    ),
    "an accepted order failed by itself": ("failed", lambda b: b["log"].pop(5)),
    "a key has two orders": (
        "ordered twice",
        lambda b: b["orders"].append(_order("A", "Processed", 0) | {"orderId": "A2"}),
    ),
    "a key was answered with two orders": (
        "answers differ",
        lambda b: b["log"].append({**b["log"][3], "orderId": "B"}),
    ),
    "an order that nobody sent": ("never ordered", lambda b: b["orders"].append(_order("X", "Processed", 0))),
    "an order is still Pending": ("not ended", lambda b: b["orders"][0].update(status="Pending")),
    "an order is not settled": ("not settled", lambda b: b["orders"][0].update(settled=False)),
    "an order still waits": ("not at rest", lambda b: b["orders"][0].update(nextActionAt=0)),
    "stock is negative": ("sold twice", lambda b: b["products"][0].update(stock=-1)),
    "a hold is left": ("held for ever", lambda b: b["products"][0]["holds"].append({"quantity": 0})),
    "sold is not what the orders say": ("sold:", lambda b: b["products"][0].update(sold=1, stock=4)),
    "units vanished": ("vanished", lambda b: b["products"][0].update(stock=2)),
    "a product is gone": ("gone", lambda b: b["products"].clear()),
    "a mail is missing": ("no mail", lambda b: b["mails"].remove("A")),
    "a mail was sent twice": ("too many mails", lambda b: b["mails"].append("A")),
    "a mail about a rejected order": ("too many mails", lambda b: b["mails"].append("C")),
}


def test_sound_books_are_sound() -> None:
    assert _check(sound()) == []


def test_a_second_mail_is_allowed_for_an_unknown_outcome() -> None:
    books = sound()
    books["orders"][0]["history"].append({"event": "mail_unknown"})
    books["mails"].append("A")
    assert _check(books) == []


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_checker_finds_that(name: str) -> None:
    finding, corrupt = CORRUPTIONS[name]
    books = deepcopy(sound())
    corrupt(books)

    found = _check(books)

    assert any(line.startswith(finding) for line in found), found


def test_the_checker_shares_no_code_with_the_application() -> None:
    tree = ast.parse(Path(checker.__file__).read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {name.partition(".")[0] for name in imported} <= {*sys.stdlib_module_names, "bson"}
