"""What a mail says about an order, made of whatever the order holds.

An order of the Node app has no prices; any field of one that other programs wrote may be missing or odd. What
makes no sense is left out: a mail says less then, and nothing wrong.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from bson import Decimal128, ObjectId

_SENTENCES = {
    "Processed": "Your order is on its way to you.",
    "Cancelled": "Your order was cancelled.",
    "Failed": "Your order could not be completed.",
}
_EXPLANATIONS = {
    "cancelled": "It was cancelled as you asked. Nothing will be sent.",
    "out_of_stock": "Too little was left in stock. Nothing will be sent.",
    "processing_error": "Something went wrong on our side, and we are sorry. Nothing will be sent.",
}
_CURRENCY = re.compile("[A-Z]{3}")  # ISO 4217
_LARGEST = Decimal(10) ** 15  # beyond it, a number in an order is no amount


class Line(NamedTuple):
    """`quantity`, `price` of one and `total` as a person reads them; None where they are not known."""

    product: str
    quantity: str | None
    price: str | None
    total: str | None


class Content(NamedTuple):
    """`outcome` is Processed, Cancelled or Failed; "" where the status is no such word."""

    outcome: str
    sentence: str
    explanation: str | None
    order_id: str
    date: str | None
    lines: list[Line]
    total: str | None


def content_of(order: Mapping[str, Any]) -> Content:
    """What there is to say about an order that has ended."""
    status = order.get("status")
    reason = order.get("failureReason") if status == "Failed" else None  # else it is what once was
    outcome = "Cancelled" if reason == "cancelled" else printable(status)
    items = order.get("items")
    return Content(
        outcome=outcome if outcome in _SENTENCES else "",
        sentence=_SENTENCES.get(outcome, "There is news about your order."),
        explanation=_EXPLANATIONS.get(reason) if isinstance(reason, str) else None,
        order_id=printable(order.get("orderId")) or printable(order.get("_id")),
        date=_date(order.get("createdAt")),
        lines=[_line(item) for item in items if isinstance(item, Mapping)] if isinstance(items, list) else [],
        total=_with_currency(_amount(_number(order.get("totalAmount"))), order.get("currency")),
    )


def printable(value: Any) -> str:
    """A name or an id as one line of text, without what a terminal or mail program takes for a command;
    "" for what can be neither."""
    if not isinstance(value, str | int | ObjectId) or isinstance(value, bool):
        return ""
    text = " ".join(str(value).split())
    return "".join(character for character in text if character.isprintable())


def _line(item: Mapping[str, Any]) -> Line:
    price = _number(item.get("unitPrice"))
    quantity = (
        round(_number(item.get("quantity")) or Decimal(0), 3) or None
    )  # Node has 2.0, or 1.5 of a thing
    total = quantity * price if quantity and price is not None else None
    return Line(
        product=printable(item.get("productId")) or "Unnamed product",
        quantity=f"{quantity.normalize():f}" if quantity else None,
        price=_amount(price),
        total=_amount(total),
    )


def _number(value: Any) -> Decimal | None:
    """A number as MongoDB or JavaScript may have it, text included; None when it is none, or below 0."""
    if isinstance(value, bool):
        return None
    try:
        number = value.to_decimal() if isinstance(value, Decimal128) else Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number < _LARGEST else None


def _amount(number: Decimal | None) -> str | None:
    """1299 is 1,299.00."""
    return None if number is None else f"{number:,.2f}"


def _with_currency(amount: str | None, currency: Any) -> str | None:
    known = isinstance(currency, str) and _CURRENCY.fullmatch(currency)
    return f"{currency} {amount}" if amount and known else amount


def _date(value: Any) -> str | None:
    """23 November 2026, 02:44 UTC."""
    if not isinstance(value, datetime):
        return None
    at = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"
