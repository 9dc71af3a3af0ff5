"""When stock is short: which items are, and what could be ordered instead."""

from collections.abc import Mapping

from models.documents import Item, Order, Remedy, Shortage
from models.order import MAX_QUANTITY
from models.reservations import Holding

Holdings = Mapping[str, Holding]  # by productId


def shortages_and_remedies(order: Order, held: Holdings) -> tuple[list[Shortage], list[Remedy]]:
    """The items that are short, `{productId, requested, available}`, and the bodies of orders that would fit.

    What the order itself holds of a product is available to it.
    """
    available = {
        item["productId"]: item["quantity"] if holding.hold_id else holding.stock
        for item in order["items"]
        for holding in [held[item["productId"]]]
    }
    shortages: list[Shortage] = [
        {
            "productId": item["productId"],
            "requested": item["quantity"],
            "available": available[item["productId"]],
        }
        for item in order["items"]
        if available[item["productId"]] < item["quantity"]
    ]
    return shortages, _remedies(order, available)


def _remedies(order: Order, available: Mapping[str, int]) -> list[Remedy]:
    """The body of the largest order that would fit now, ready to send; nothing if nothing would fit."""
    fitting: list[Item] = [
        {**item, "quantity": min(item["quantity"], available[item["productId"]])} for item in order["items"]
    ]
    fitting = [item for item in fitting if item["quantity"] > 0]
    if not fitting:
        return []
    body: Remedy = {"items": [line for item in fitting for line in _lines(item)]}
    if not all("unitPrice" in item for item in fitting):
        body["totalAmount"] = order["totalAmount"]  # without prices only the client knows a total
    return [body]


def _lines(item: Item) -> list[Item]:
    """An item as lines that the schema takes: at most 1000 each, as merged lines may have more."""
    full, rest = divmod(item["quantity"], MAX_QUANTITY)
    quantities = [MAX_QUANTITY] * full + ([rest] if rest else [])
    return [{"productId": item["productId"], "quantity": quantity} for quantity in quantities]
