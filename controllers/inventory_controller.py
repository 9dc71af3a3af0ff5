"""Stock, to look at and to set. The Node README promised `GET /api/inventory/:id`, its code had no route."""

from collections.abc import Callable

from models import inventory
from models.documents import Product, View
from utils import errors

# What must hold of a product, as clients see it (None: there is no such product), for a change to be made.
Condition = Callable[[View | None], bool]

_RACES = 50


def show(product_id: str) -> View:
    """One product. Raises ProductNotFound."""
    product = inventory.find(product_id)
    if product is None:
        raise errors.ProductNotFound
    return inventory.to_json(product)


def list_products(after: str | None, limit: int) -> tuple[list[View], bool]:
    """A page of products by id, and whether there are more."""
    found = inventory.find_page(after, limit + 1)
    return [inventory.to_json(product) for product in found[:limit]], len(found) > limit


def set_stock(product_id: str, body: View, condition: Condition | None = None) -> tuple[View, bool]:
    """Set a product's stock, and its price if given. Returns the product and whether it is new.

    With a condition, what is written is what was looked at: raises PreconditionFailed.
    """
    if condition is None:
        created = inventory.set_stock(product_id, stock=body["stock"], price=_price(body))
        return show(product_id), created
    for _ in range(_RACES):
        seen = inventory.find(product_id)
        _require(condition, seen)
        if seen is None:
            if not inventory.add_product(product_id, stock=body["stock"], price=body.get("price")):
                raise errors.PreconditionFailed
            return show(product_id), True
        if inventory.replace_stock(seen, stock=body["stock"], price=_price(body)):
            return show(product_id), False
    raise errors.ServiceUnavailable("Too many requests change this product at once. Send it again.")


def adjust_stock(product_id: str, body: View, condition: Condition | None = None) -> View:
    """Add `adjust` to what is free to sell, and set `price` (None removes it): what `body` has of both.

    Raises ProductNotFound, StockTooLow, StockTooHigh, or PreconditionFailed.
    """
    for _ in range(_RACES):
        seen = inventory.find(product_id)
        if seen is None:
            raise errors.ProductNotFound
        _require(condition, seen)
        adjust = body.get("adjust", 0)
        _require_room(seen, adjust)
        if inventory.adjust_stock(seen, adjust=adjust, price=_price(body), exactly=condition is not None):
            return show(product_id)
    raise errors.ServiceUnavailable("Too many requests change this product at once. Send it again.")


def _price(body: View) -> inventory.NewPrice:
    """A price that is left out stays as it is."""
    price: inventory.NewPrice = body.get("price", inventory.UNCHANGED)
    return price


def _require(condition: Condition | None, seen: Product | None) -> None:
    if condition is not None and not condition(None if seen is None else inventory.to_json(seen)):
        raise errors.PreconditionFailed


def _require_room(seen: Product, adjust: int) -> None:
    if adjust and seen["stock"] + adjust < 0:
        raise errors.StockTooLow(seen["stock"])
    if adjust and seen["stock"] + adjust > inventory.MAX_STOCK:
        raise errors.StockTooHigh(seen["stock"], inventory.MAX_STOCK)
