"""The items of an order, and what it costs."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.documents import Item
from models.inventory import Stocked
from utils import errors
from utils.money import from_cents, to_cents

Items = list[Item]
Products = Mapping[str, Stocked]


def merge_lines(lines: Sequence[Mapping[str, Any]]) -> Items:
    """Add lines of one product up and sort by product: two orders never wait for each other's locks."""
    quantities: dict[str, int] = {}
    for line in lines:
        quantities[line["productId"]] = quantities.get(line["productId"], 0) + line["quantity"]
    return [{"productId": p, "quantity": q} for p, q in sorted(quantities.items())]


def price_items(items: Items, products: Products) -> Items:
    """The items with the unit prices of now. Raises UnknownProduct."""
    unknown = [item["productId"] for item in items if item["productId"] not in products]
    if unknown:
        rows = [{"field": "items", "message": f"There is no product {p}."} for p in unknown]
        raise errors.UnknownProduct(errors=rows)
    return [_with_price(item, products[item["productId"]].price) for item in items]


def total_of(priced: Items, claimed: float | None) -> float:
    """The total: of the prices if each item has one, else what the client says.

    Raises TotalMismatch (with expectedTotal) or TotalRequired.
    """
    if not all("unitPrice" in item for item in priced):
        if claimed is None:
            raise errors.TotalRequired
        return claimed
    cents = sum(to_cents(item["unitPrice"]) * item["quantity"] for item in priced)
    if claimed is not None and to_cents(claimed) != cents:
        raise errors.TotalMismatch(expectedTotal=from_cents(cents))
    return from_cents(cents)


def _with_price(item: Item, price: float | None) -> Item:
    return item if price is None else {**item, "unitPrice": price}
