"""Stock, to look at and to set. The Node README promised `GET /api/inventory/:id`, its code had no route."""

from typing import Any

from models import inventory
from utils import errors

Document = dict[str, Any]


def show(product_id: str) -> Document:
    """One product. Raises ProductNotFound."""
    product = inventory.find(product_id)
    if product is None:
        raise errors.ProductNotFound
    return inventory.to_json(product)


def list_products(after: str | None, limit: int) -> tuple[list[Document], bool]:
    """A page of products by id, and whether there are more."""
    found = inventory.find_page(after, limit + 1)
    return [inventory.to_json(product) for product in found[:limit]], len(found) > limit


def set_stock(product_id: str, body: Document) -> tuple[Document, bool]:
    """Set a product's stock, and its price if given. Returns the product and whether it is new."""
    created = inventory.set_stock(product_id, body["stock"], body)
    return show(product_id), created
