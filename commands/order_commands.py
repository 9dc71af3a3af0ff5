"""`flask orders ...`."""

import click
from flask import current_app
from flask.cli import AppGroup

from models.order import find

orders = AppGroup("orders", help="Orders, as the database has them.")


@orders.command("show")
@click.argument("order_id")
def show(order_id: str) -> None:
    """Show an order as JSON, with its history and what is still to be done."""
    order = find(order_id)
    if order is None:
        raise click.ClickException(f"There is no order {order_id}.")
    click.echo(current_app.json.dumps(order))
