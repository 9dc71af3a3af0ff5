"""`flask inventory ...`."""

from typing import Any

import click
from flask.cli import AppGroup
from marshmallow import ValidationError

from controllers import inventory_controller
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


def _line(product: dict[str, Any]) -> str:
    price = f"  price {product['price']:.2f}" if "price" in product else ""
    return f"{product['productId']}  stock {product['stock']}{price}"
