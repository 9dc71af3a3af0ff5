"""Products as other programs write them: those that can be read all the same, and those that cannot."""

from typing import Any

from bson import Decimal128, Int64

# What is odd, as the audit tells it, and the fields beside productId.
ODD: dict[str, tuple[str, dict[str, Any]]] = {
    "no stock": ("stock is missing", {}),
    "null": ("stock is not an integer", {"stock": None}),
    "text": ("stock is not an integer", {"stock": "7f3b9c pieces"}),
    "fraction": ("stock is not an integer", {"stock": 1.5}),
    "true": ("stock is not an integer", {"stock": True}),
    "nan": ("stock is not an integer", {"stock": float("nan")}),
    "huge": ("stock is not an integer", {"stock": 1e300}),
    "negative": ("stock is below 0", {"stock": -3}),
    "price text": ("price is not a number", {"stock": 5, "price": "7f3b9c"}),
    "price negative": ("price is not a number", {"stock": 5, "price": -1}),
    "price with 3 decimals": ("price is not a number", {"stock": 5, "price": 1.234}),
    "Decimal128 with 3 decimals": ("price is not a number", {"stock": 5, "price": Decimal128("1.234")}),
    "price infinite": ("price is not a number", {"stock": 5, "price": Decimal128("Infinity")}),
    "price true": ("price is not a number", {"stock": 5, "price": True}),
    "holds text": ("holds is not a list", {"stock": 5, "holds": "7f3b9c"}),
    "holds null": ("holds is not a list", {"stock": 5, "holds": None}),
    "sold text": ("sold is not an integer", {"stock": 5, "sold": "7f3b9c"}),
    "sold below 64 bits": ("sold is not an integer", {"stock": 5, "sold": -1e19}),
    "received text": ("received is not an integer", {"stock": 5, "received": "7f3b9c"}),
}

# The fields, and the price that is shown.
READABLE: dict[str, tuple[dict[str, Any], float | None]] = {
    "int64": ({"stock": Int64(5), "price": Int64(3)}, 3),
    "integral double": ({"stock": 5.0, "price": 3.0}, 3),
    "Decimal128": ({"stock": Decimal128("5"), "price": Decimal128("19.990")}, 19.99),
    "price null": ({"stock": 5, "price": None}, None),
    "odd holds": ({"stock": 5, "price": 2, "holds": [7, "x", None, {}, {"quantity": "x"}]}, 2),
    "odd time": ({"stock": 5, "price": 2, "updatedAt": "yesterday"}, 2),
}
