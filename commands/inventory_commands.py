"""`flask inventory ...`."""

from collections.abc import Mapping
from typing import Any

import click
from marshmallow import Schema, ValidationError

from commands.printing import Column, field, json_line, json_option, money, rows, text
from commands.running import CommandGroup
from controllers import inventory_controller
from models import books
from models.inventory import StockChangeSchema, StockSchema, each
from models.schemas import validate_product_id
from utils.errors import ProductNotFound

inventory = CommandGroup("inventory", help="Products and their stock.")

_COLUMNS = (
    Column("PRODUCT", field("productId")),
    Column("STOCK", field("stock"), right=True),
    Column("SOLD", field("sold"), right=True),
    Column("PRICE", money("price"), right=True),
    Column("UPDATED (UTC)", field("updatedAt")),
)


@inventory.command("set")
@click.argument("product_id")
@click.option("--stock", type=int, help="Units that are free to sell. Makes the product if it is new.")
@click.option("--add", type=int, help="Units to add to those; --add -3 takes 3 away.")
@click.option("--price", type=float, help="Price of one unit. Left out: stays as it is.")
@json_option
def set_stock(
    product_id: str, stock: int | None, add: int | None, price: float | None, as_json: bool
) -> None:
    """Set stock and price of a product, or either. Units that are reserved are not counted as stock."""
    if stock is not None and add is not None:
        raise click.UsageError("Give --stock or --add, not both.")
    if stock is None and add is None and price is None:
        raise click.UsageError("Give --stock, --add or --price.")
    try:
        product, created = _change(product_id, stock, add, price)
    except ProductNotFound as error:  # found, and not as a product should be
        raise click.ClickException(
            f"{product_id} cannot be sold as it is; `flask audit` says why."
        ) from error
    click.echo(json_line(_find(product_id)) if as_json else _sentence("Added" if created else "Set", product))


@inventory.command("show")
@click.argument("product_id", required=False)
@json_option
def show(product_id: str | None, as_json: bool) -> None:
    """Show one product, or all, by their ids. STOCK is free to sell: reserved units are not in it."""
    found = each() if product_id is None else [_find(product_id)]
    none = "No products. `flask inventory set ID --stock N --price P` makes one."
    rows(found, _COLUMNS, as_json, none)


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


def _change(
    product_id: str, stock: int | None, add: int | None, price: float | None
) -> tuple[dict[str, Any], bool]:
    """Write it. Returns the product as clients see it, and whether it is new."""
    if stock is not None:
        body = _checked(StockSchema(), product_id, stock=stock, price=price)
        return inventory_controller.set_stock(product_id, body)
    body = _checked(StockChangeSchema(), product_id, adjust=add, price=price)
    now = _find(product_id).get("stock")
    if isinstance(now, bool) or not isinstance(now, (int, float)):
        raise click.ClickException(f"The stock of {product_id} is {text(now)}, no number. Set it: --stock N.")
    return inventory_controller.adjust_stock(product_id, body), False


def _checked(schema: Schema, product_id: str, **values: Any) -> Any:
    """What was typed, as the API would take it. Raises BadParameter with the reason."""
    given = {name: value for name, value in values.items() if value is not None}
    try:
        validate_product_id(product_id)
        return schema.load(given)
    except ValidationError as error:
        raise click.BadParameter(_reason(error)) from error


def _reason(error: ValidationError) -> str:
    """`stock: Must be ...`, with the option's name for the field's."""
    if not isinstance(error.messages, dict):
        return f"ID: {' '.join(error.messages)}"
    faults = {"--add" if name == "adjust" else f"--{name}": texts for name, texts in error.messages.items()}
    return "; ".join(f"{option}: {' '.join(texts)}" for option, texts in faults.items())


def _find(product_id: str) -> Mapping[str, Any]:
    for product in each(product_id):
        return product
    raise click.ClickException(
        f"There is no product {product_id}. `flask inventory set {product_id} --stock N` makes it."
    )


def _sentence(done: str, product: dict[str, Any]) -> str:
    price = f", price {product['price']:.2f}" if "price" in product else ", no price"
    return f"{done} {product['productId']}: stock {product['stock']}{price}."
