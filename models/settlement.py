"""Settling: after the decision, the holds of an order become sales or go back. Safe to repeat at any time."""

from models import reservations
from models.documents import Order
from models.order import PROCESSED, is_accepted
from models.order_decisions import mark_settled


def settle(order: Order) -> Order | None:
    """Turn the holds of a decided order into sales, or give them back; then note that it is done.

    Returns the order as it then is, or None when another process has noted it first.
    """
    if order["status"] == PROCESSED:
        reservations.settle_sold(order["orderId"], order["items"])
    else:
        reservations.settle_returned(order["orderId"], order["items"])
    return mark_settled(order, mail_due=is_accepted(order))
