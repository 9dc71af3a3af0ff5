"""The mails: templates/mail/order_status.txt and .html."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import render_template

from services.mail_content import content_of


class Mail(NamedTuple):
    subject: str
    text: str
    html: str


def order_status(order: Mapping[str, Any]) -> Mail:
    """The mail about an order that has ended. The subject is the one of the Node app."""
    content = content_of(order)
    return Mail(
        # An order of the Node app may have any id: no line break of it may end the header.
        subject=f"Order {content.order_id} Status Update",
        text=render_template("mail/order_status.txt", mail=content),
        html=render_template("mail/order_status.html", mail=content),
    )
