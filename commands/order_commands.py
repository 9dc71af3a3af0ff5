"""`flask orders ...`."""

from uuid import uuid4

import click
from flask import current_app
from flask.cli import AppGroup

from models.order import PENDING, Document, find
from models.order_mail import request_mail
from services import publisher

orders = AppGroup("orders", help="Orders, as the database has them.")


@orders.command("show")
@click.argument("order_id")
def show(order_id: str) -> None:
    """Show an order as JSON, with its history and what is still to be done."""
    order = _find(order_id)
    click.echo(current_app.json.dumps(order))


@orders.command("resend-email")
@click.argument("order_id")
def resend_email(order_id: str) -> None:
    """Have the worker send the mail about an ended order once more."""
    order = _find(order_id)
    if order["status"] == PENDING or order.get("accepted") is False:
        raise click.ClickException("A mail goes out when an accepted order has ended; this one has not.")
    if request_mail(order) is None:
        raise click.ClickException("A worker is at it right now: its mail is still on the way.")
    publisher.ring(order["orderId"], uuid4().hex)
    click.echo(f"The mail about order {order['orderId']} is due again; a worker sends it.")


def _find(order_id: str) -> Document:
    order = find(order_id)
    if order is None:
        raise click.ClickException(f"There is no order {order_id}.")
    return order
