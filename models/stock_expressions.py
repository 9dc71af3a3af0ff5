"""Sums over a product as MongoDB (4.4 or later) works them out inside an update. None fails on a value of
another kind.

They read a product as models/product_shape.py does.
"""

from typing import Any, Final

from models.schemas import MAX_AMOUNT

Expression = dict[str, Any]


def is_integer(value: str) -> Expression:
    """Whether a field is an integer within 64 bits. To MongoDB, NaN is below every number."""
    within = [{"$gte": [value, -(2.0**63)]}, {"$lt": [value, 2.0**63]}]
    return {"$cond": [{"$isNumber": value}, {"$and": [*within, {"$eq": [value, {"$floor": value}]}]}, False]}


_IS_HOLD: Final = {
    "$and": [
        {"$eq": [{"$type": "$$this.orderId"}, "string"]},
        {"$eq": [{"$type": "$$this.holdId"}, "string"]},
        {"$eq": [{"$type": "$$this.at"}, "date"]},
        is_integer("$$this.quantity"),
    ]
}
_HOLDS: Final = {
    "$filter": {"input": {"$cond": [{"$isArray": "$holds"}, "$holds", []]}, "cond": _IS_HOLD},
}
# `$map` says the same as "$holds.quantity", which SecantusDB takes for a field that is missing.
_HELD: Final = {"$sum": {"$map": {"input": _HOLDS, "in": "$$this.quantity"}}}
_SOLD: Final = {"$cond": [is_integer("$sold"), "$sold", 0]}

_PRICE_IS_RIGHT: Final = {
    "$and": [
        {"$gte": ["$price", 0]},
        {"$lte": ["$price", MAX_AMOUNT]},
        {"$eq": ["$price", {"$round": ["$price", 2]}]},
    ]
}
# The fields as they are where they are sound, and removed where they are not.
SOUND_PARTS: Final = {
    "holds": {"$cond": [{"$isArray": "$holds"}, _HOLDS, "$$REMOVE"]},
    "sold": {"$cond": [is_integer("$sold"), "$sold", "$$REMOVE"]},
    "price": {
        "$cond": [{"$cond": [{"$isNumber": "$price"}, _PRICE_IS_RIGHT, False]}, "$price", "$$REMOVE"],
    },
}


def received(stock: Any) -> Expression:
    """All that must have come in when so much is free to sell: `stock` + sold + held."""
    return {"$add": [stock, _SOLD, _HELD]}


def received_after_setting(stock: int | Expression) -> Expression:
    """All that came in once the stock is set: as much more as the stock grows, or counted anew where it was
    never counted, or what was there is no stock."""
    counted = {"$and": [is_integer("$received"), is_integer("$stock")]}
    grown = {"$add": ["$received", {"$subtract": [stock, "$stock"]}]}
    return {"$cond": [counted, grown, received(stock)]}
