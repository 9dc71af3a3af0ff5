"""An order as people see it in a terminal. Whatever a document lacks, or has of another type, is no error."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId

from commands.printing import Column, field, money, table, text
from models import user

Document = Mapping[str, Any]

_ITEMS = (
    Column("PRODUCT", field("productId")),
    Column("QUANTITY", field("quantity"), right=True),
    Column("UNIT PRICE", money("unitPrice"), right=True),
)
_HISTORY = (
    Column("AT (UTC)", field("at")),
    Column("EVENT", field("event")),
    Column("DETAILS", lambda event: _details(event)),
)


def columns(orders: Sequence[Document]) -> list[Column]:
    """The columns of a list of orders, with their customers' addresses."""
    emails = _emails(orders)
    return [
        Column("ORDER", _order_id),
        Column("CREATED (UTC)", field("createdAt")),
        Column("STATUS", field("status")),
        Column("REASON", field("failureReason"), may_be_cut=True),
        Column("ITEMS", lambda order: len(_list(order, "items")), right=True),
        Column("TOTAL", money("totalAmount"), right=True),
        Column("CUSTOMER", lambda order: _customer(order, emails), may_be_cut=True),
    ]


def mail_columns(orders: Sequence[Document]) -> list[Column]:
    """The columns of a list of mails: each is about one order."""
    emails = _emails(orders)
    return [
        Column("ORDER", _order_id),
        Column("CREATED (UTC)", field("createdAt")),
        Column("STATE", field("mail", "state")),
        Column("TRIES", field("mail", "attempts"), right=True),
        Column("NEXT TRY (UTC)", field("nextActionAt")),
        Column("REASON", field("mail", "reason"), may_be_cut=True),
        Column("CUSTOMER", lambda order: _customer(order, emails), may_be_cut=True),
    ]


def block(order: Document) -> Iterator[str]:
    """The lines that show one order: what it is, its items, its history."""
    facts = {
        "Order": _order_id(order),
        "Customer": _customer(order, _emails([order])),
        "Status": _status(order),
        "Total": _total(order),
        "Step": _step(order),
        "Stock": _stock(order),
        "Mail": field("mail", "state")(order),
        "Created": _time(order, "createdAt"),
        "Updated": _time(order, "updatedAt"),
        "Next look": _time(order, "nextActionAt") or "none",
    }
    width = max(map(len, facts))
    for name, value in facts.items():
        if value is not None:
            yield f"{name:{width}}  {text(value)}"
    yield from _part(_ITEMS, _list(order, "items"))
    yield from _part(_HISTORY, _list(order, "history"))


def _part(columns: Sequence[Column], documents: Iterable[Document]) -> Iterator[str]:
    cells = [[text(column.cell(document)) for column in columns] for document in documents]
    if cells:
        yield ""
        yield from table(columns, cells, width=None)


def _list(order: Document, name: str) -> list[Document]:
    value = order.get(name)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _status(order: Document) -> str:
    status, reason = text(order.get("status")), order.get("failureReason")
    undecided = order.get("accepted") is False and reason is None
    return f"{status}{', not accepted yet' if undecided else ''}{f': {text(reason)}' if reason else ''}"


def _total(order: Document) -> str:
    total = text(money("totalAmount")(order))
    return f"{total} {text(order['currency'])}" if order.get("currency") else total


def _time(order: Document, name: str) -> Any:
    at = order.get(name)
    return f"{text(at)} UTC" if isinstance(at, datetime) else at


def _details(event: Document) -> str | None:
    details = {name: value for name, value in event.items() if name not in ("at", "event")}
    return " ".join(f"{name}={text(value)}" for name, value in details.items()) or None


def _order_id(order: Document) -> Any:
    return order.get("orderId", order["_id"])


def _stock(order: Document) -> str | None:
    """What became of the units: nothing is known of an order that the Node app took."""
    if order.get("settled"):
        return "booked"
    return "reserved" if any("holdId" in item for item in _list(order, "items")) else None


def _step(order: Document) -> str | None:
    """How far the business step came; nothing where there is none to do."""
    words = [f"attempt {text(order['attempts'])}"] if order.get("attempts") else []
    if "undoOwed" in order:
        words.append("undo owed")
    if "step" in order:
        words.append(f"claimed until {text(field('step', 'until')(order))} UTC")
    return ", ".join(words) or None


def _emails(orders: Sequence[Document]) -> dict[str, str]:
    ids = {order.get("userId") for order in orders if isinstance(order.get("userId"), ObjectId)}
    return {str(user_id): email for user_id, email in user.emails_of(ids).items()}


def _customer(order: Document, emails: Mapping[str, str]) -> Any:
    """The customer's address, or the user's id when the account was deleted."""
    return emails.get(str(order.get("userId")), order.get("userId"))
