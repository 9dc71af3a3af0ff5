"""What an order costs, and what could be ordered instead when stock is short."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.order import MAX_QUANTITY
from utils import errors
from utils.money import from_cents, to_cents

Items = list[dict[str, Any]]
Products = Mapping[str, Mapping[str, Any]]


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
    return [_with_price(item, products[item["productId"]].get("price")) for item in items]


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


def remedies_for(order: Mapping[str, Any], available: Mapping[str, int]) -> Items:
    """The body of the largest order that would fit now, ready to send; nothing if nothing would fit."""
    fitting = [
        {**item, "quantity": min(item["quantity"], available.get(item["productId"], 0))}
        for item in order["items"]
    ]
    fitting = [item for item in fitting if item["quantity"] > 0]
    if not fitting:
        return []
    body: dict[str, Any] = {"items": [line for item in fitting for line in _lines(item)]}
    if not all("unitPrice" in item for item in fitting):
        body["totalAmount"] = order["totalAmount"]  # without prices only the client knows a total
    return [body]


def _lines(item: Mapping[str, Any]) -> Items:
    """An item as lines that the schema takes: at most 1000 each, as merged lines may have more."""
    full, rest = divmod(item["quantity"], MAX_QUANTITY)
    quantities = [MAX_QUANTITY] * full + ([rest] if rest else [])
    return [{"productId": item["productId"], "quantity": quantity} for quantity in quantities]


def _with_price(item: dict[str, Any], price: float | None) -> dict[str, Any]:
    return item if price is None else {**item, "unitPrice": price}
