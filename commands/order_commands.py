"""`flask orders ...`."""

from datetime import datetime
from uuid import uuid4

import click

from commands.order_tables import block, columns
from commands.parameters import MAX_LIMIT, When, limit_option
from commands.printing import json_line, json_option, remark, rows
from commands.running import CommandGroup
from commands.user_commands import registered
from config.resources import resources
from models import node_orders, order_faults
from models.documents import Order
from models.order import PENDING, STATUSES, find
from models.order_lists import find_latest
from models.order_mail import request_mail
from models.order_shape import obstacle, printable_id
from utils import clock

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
    _refuse_damaged(order)
    if "putAside" in order:
        raise click.ClickException(f"The order is put aside. First: flask orders retry {order_id}")
    if order["status"] == PENDING or order.get("accepted") is False:
        raise click.ClickException("A mail goes out when an accepted order has ended; this one has not.")
    if request_mail(order) is None:
        raise click.ClickException("A worker is at it right now: its mail is still on the way.")
    resources().queue_publisher.publish(order["orderId"], uuid4().hex)
    click.echo(f"The mail about order {order['orderId']} is due again; a worker sends it.")


@orders.command("retry")
@click.argument("order_id", required=False)
@click.option("--all", "all_of_them", is_flag=True, help="All orders that were put aside.")
def retry(order_id: str | None, all_of_them: bool) -> None:
    """Have the worker look again at an order that was put aside. Mend it first: `flask audit` says why."""
    if (order_id is None) != all_of_them:
        raise click.UsageError("Name one order, or say --all.")
    if order_id is not None:
        _retry(_find(order_id))
        return
    failed = 0
    for order in order_faults.find_put_aside():
        try:
            _retry(order)
        except click.ClickException as error:
            click.echo(f"Order {printable_id(order)}: {error.message}", err=True)
            failed += 1
    if failed:
        raise click.ClickException(f"{failed} stayed put aside.")


@orders.command("adopt")
@click.option("--yes", is_flag=True, help="Hand them to the worker, which mails their customers.")
def adopt(yes: bool) -> None:
    """Show Pending orders of another program that are older than a day, and with --yes have them processed.

    Those of the last day the worker takes up by itself.
    """
    found = adopted = 0
    for order in node_orders.find_older():
        if (reason := obstacle(order)) is not None:
            click.echo(f"Order {printable_id(order)}: left out, {reason}", err=True)
            continue
        found += 1
        click.echo(f"{printable_id(order)}  {clock.to_iso(order['createdAt'])}  total {order['totalAmount']}")
        adopted += yes and node_orders.adopt_order(order)
    if yes:
        click.echo(f"{adopted} handed to the worker.")
    elif found:
        click.echo(f"{found} in all. With --yes they are processed, and each customer gets a mail.")
    else:
        click.echo("There are none.")


def _retry(order: Order) -> None:
    if "putAside" not in order:
        raise click.ClickException("This order was not put aside.")
    _refuse_damaged(order)
    order_faults.take_back(order)
    resources().queue_publisher.publish(order["orderId"], uuid4().hex)
    click.echo(f"Order {printable_id(order)} is due again; a worker looks at it.")


def _refuse_damaged(order: Order) -> None:
    if (reason := obstacle(order)) is not None:
        raise click.ClickException(f"No worker can work on it: {reason}. Mend the document first.")


def _find(order_id: str) -> Order:
    order = find(order_id)
    if order is None:
        raise click.ClickException(f"There is no order {order_id}. `flask orders list` shows the newest.")
    return order
