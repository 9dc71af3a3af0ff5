"""Settling: after the decision, the stock of an order is booked. Safe to repeat, by anyone, at any time."""

from models import inventory
from models.order import PROCESSED, Document, is_accepted
from models.order_decisions import mark_settled


def settle(order: Document) -> Document | None:
    """Turn the holds of a decided order into sales, or give them back; then note that it is done.

    Returns the order as it then is, or None when somebody else has noted it first.
    """
    if order["status"] == PROCESSED:
        inventory.settle_sold(order["orderId"], order["items"])
    else:
        inventory.settle_returned(order["orderId"], order["items"])
    return mark_settled(order, mail_due=is_accepted(order))
