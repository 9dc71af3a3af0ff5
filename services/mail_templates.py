"""The text of the mails: templates/mail/order_status.txt and .html."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import render_template

_REASONS = {
    "cancelled": "It was cancelled as you asked.",
    "processing_error": "It could not be processed. You have not been charged.",
    "out_of_stock": "Too little stock was left.",
}


class Mail(NamedTuple):
    subject: str
    text: str
    html: str


def order_status(order: Mapping[str, Any]) -> Mail:
    """The mail about an order that has ended. The subject is the one of the Node app."""
    reason = order.get("failureReason")
    context = {
        "order": order,
        "reason": _REASONS.get(reason, reason) if reason else None,
        "total": f"{order['totalAmount']:.2f}",
    }
    return Mail(
        # An order of the Node app may have any id: no line break of it may end the header.
        subject=" ".join(f"Order {order['orderId']} Status Update".split()),
        text=render_template("mail/order_status.txt", **context),
        html=render_template("mail/order_status.html", **context),
    )
