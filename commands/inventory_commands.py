"""`flask inventory ...`."""

from typing import Any

import click
from flask.cli import AppGroup
from marshmallow import ValidationError

from controllers import inventory_controller
from models import books
from models.inventory import StockSchema
from models.schemas import validate_product_id
from utils.errors import ProductNotFound

inventory = AppGroup("inventory", help="Products and their stock.")


@inventory.command("set")
@click.argument("product_id")
@click.option("--stock", type=int, required=True, help="Units that are free to sell.")
@click.option("--price", type=float, help="Price of one unit. Left out: stays as it is.")
def set_stock(product_id: str, stock: int, price: float | None) -> None:
    """Set the stock of a product, and make the product if it is new."""
    changes = {"stock": stock} if price is None else {"stock": stock, "price": price}
    try:
        validate_product_id(product_id)
        body = StockSchema().load(changes)
    except ValidationError as error:
        raise click.BadParameter(str(error)) from error
    product, created = inventory_controller.set_stock(product_id, body)
    click.echo(f"{'Added' if created else 'Set'} {_line(product)}")


@inventory.command("show")
@click.argument("product_id", required=False)
def show(product_id: str | None) -> None:
    """Show one product, or all."""
    if product_id:
        try:
            click.echo(_line(inventory_controller.show(product_id)))
        except ProductNotFound as error:
            raise click.ClickException(f"There is no product {product_id}.") from error
        return
    after, more = None, True
    while more:
        page, more = inventory_controller.list_products(after, 100)
        for product in page:
            click.echo(_line(product))
        after = page[-1]["productId"] if page else None


@inventory.command("recount")
@click.argument("product_id", required=False)
@click.option("--yes", is_flag=True, help="Write it. Without this, only say what would be written.")
def recount(product_id: str | None, yes: bool) -> None:
    """Count the books of one product, or of all, anew: received = stock + sold + held.

    For products that another program made or changed; the audit names them. What adds up stays as it is.
    """
    if product_id and not books.is_there(product_id):
        raise click.ClickException(f"There is no product {product_id}.")
    counted = 0
    for wrong in books.wrong_books(product_id):
        if wrong.odd:
            click.echo(f"{wrong.name}  odd: {wrong.odd}")
            continue
        before = "never counted" if wrong.received is None else f"received {wrong.received}"
        sums = f"stock {wrong.stock} + sold {wrong.sold} + held {wrong.held}"
        click.echo(f"{wrong.name}  {before}, now {wrong.counted} ({sums})")
        counted += books.recount(wrong.name) if yes else 1
    if counted and not yes:
        click.echo("Nothing is written yet. Run it again with --yes.")
    else:
        click.echo(f"Counted {counted} product{'' if counted == 1 else 's'} anew.")


def _line(product: dict[str, Any]) -> str:
    price = f"  price {product['price']:.2f}" if "price" in product else ""
    return f"{product['productId']}  stock {product['stock']}{price}"
