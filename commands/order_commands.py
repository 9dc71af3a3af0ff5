"""`flask orders ...`."""

from datetime import datetime
from uuid import uuid4

import click

from commands.order_tables import block, columns
from commands.parameters import MAX_LIMIT, When, limit_option
from commands.printing import json_line, json_option, remark, rows
from commands.running import CommandGroup
from commands.user_commands import registered
from models.order import PENDING, STATUSES, Document, find, find_latest
from models.order_mail import request_mail
from services import publisher

orders = CommandGroup("orders", help="Orders, as the database has them.")


@orders.command("list")
@click.option("--status", type=click.Choice(STATUSES, case_sensitive=False), help="Only those.")
@click.option("--email", metavar="ADDRESS", help="Only those of this customer.")
@click.option("--since", type=When(), help="Only those made since then: 2h or 3d (ago), or a date or time.")
@limit_option
@json_option
def list_orders(
    status: str | None, email: str | None, since: datetime | None, limit: int, as_json: bool
) -> None:
    """List orders, newest first, those that were rejected too. Times are in UTC."""
    customer = registered(email)["_id"] if email else None
    found = find_latest(limit + 1, status, customer, since)
    rows(found[:limit], [] if as_json else columns(found), as_json, none="No orders.")
    if len(found) > limit:
        remark(f"There are more than these {limit}: --limit shows up to {MAX_LIMIT}.")


@orders.command("show")
@click.argument("order_id")
@json_option
def show(order_id: str, as_json: bool) -> None:
    """Show an order: its items, its history, and what is still to be done."""
    order = _find(order_id)
    if as_json:
        click.echo(json_line(order))
        return
    for line in block(order):
        click.echo(line)


@orders.command("resend-email")
@click.argument("order_id")
def resend_email(order_id: str) -> None:
    """Have the worker send the mail about an ended order once more."""
    order = _find(order_id)
    if order.get("status") == PENDING or order.get("accepted") is False:
        raise click.ClickException("A mail goes out when an accepted order has ended; this one has not.")
    if request_mail(order) is None:
        raise click.ClickException("A worker is at it right now: its mail is still on the way.")
    publisher.ring(order["orderId"], uuid4().hex)
    click.echo(f"The mail about order {order['orderId']} is due again; a worker sends it.")


def _find(order_id: str) -> Document:
    order = find(order_id)
    if order is None:
        raise click.ClickException(f"There is no order {order_id}. `flask orders list` shows the newest.")
    return order
