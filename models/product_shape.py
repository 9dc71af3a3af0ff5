"""What a product document must look like, since other programs write them too.

    productId   1 to 64 printable characters
    stock       an integer, 0 or more; 5.0 is one, as JavaScript's driver may write it, and so is an int64
    price       missing or null, or a number from 0 with at most two decimals, a Decimal128 too
    sold        missing, or an integer
    received    missing or null, or an integer
    holds       missing, or a list; entries that are no hold count for nothing, and are only reported

Of a product that is otherwise nothing can be promised. It is left out as if it were not there, logged once,
and named by `flask audit`, until an operator mends it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from bson import Decimal128

from models.documents import Hold, Product
from models.schemas import MAX_AMOUNT, is_product_id
from utils.logs import warn_once
from utils.money import from_cents

_CENT = Decimal("0.01")
_INT64 = 2**63


def as_integer(value: Any) -> int | None:
    """The integer that a value stands for, within 64 bits, or None."""
    number = _finite(value)
    if number is None or not -_INT64 <= number < _INT64 or number != number.to_integral_value():
        return None
    return int(number)


def as_price(value: Any) -> int | float | None:
    """The amount that a value stands for, 0 to 1e9 with at most two decimals, or None."""
    number = _finite(value)
    if number is None or not 0 <= number <= MAX_AMOUNT or number != number.quantize(_CENT):
        return None
    return from_cents(int(number.quantize(_CENT) * 100))


def sound(product: Mapping[str, Any]) -> Product | None:
    """The product with `stock` as an int, or None when it is odd. `price` stays as written: see `as_price`.

    Of `holds` it needs to see one entry at most.
    """
    odd = oddities(product)
    if odd:
        warn_once("odd_product", product=name_of(product), odd=", ".join(odd))
        return None
    return cast(Product, {**product, "stock": as_integer(product["stock"])})


def oddities(product: Mapping[str, Any]) -> list[str]:
    """What is odd about a product, in words and without its values; nothing about a sound one."""
    stock = as_integer(product.get("stock"))
    price = product.get("price")
    odd = {
        "productId is not 1 to 64 printable characters": not is_product_id(product.get("productId")),
        "stock is missing": "stock" not in product,
        "stock is not an integer": "stock" in product and stock is None,
        "stock is below 0": stock is not None and stock < 0,
        "price is not a number from 0 with at most two decimals": (
            price is not None and as_price(price) is None
        ),
        "sold is not an integer": "sold" in product and as_integer(product["sold"]) is None,
        "received is not an integer": (
            product.get("received") is not None and as_integer(product["received"]) is None
        ),
        "holds is not a list": not isinstance(product.get("holds", []), list),
    }
    return [words for words, is_so in odd.items() if is_so]


def sound_holds(product: Mapping[str, Any]) -> Iterator[Hold]:
    """Those among the entries of `holds` that are holds."""
    holds = product.get("holds")
    for hold in holds if isinstance(holds, list) else ():
        if isinstance(hold, dict) and isinstance(at := hold.get("at"), datetime):
            quantity = as_integer(hold.get("quantity"))
            order_id, hold_id = hold.get("orderId"), hold.get("holdId")
            if quantity is not None and isinstance(order_id, str) and isinstance(hold_id, str):
                yield {"orderId": order_id, "holdId": hold_id, "quantity": quantity, "at": at}


def how_to_mend(product: Mapping[str, Any]) -> str:
    """What an operator can do about an odd product."""
    if is_product_id(product.get("productId")):
        return "mend it by setting its stock: flask inventory set"
    return "give it a productId that can be ordered, or remove it from the collection inventories"


def name_of(product: Mapping[str, Any]) -> str:
    """What to call a product: its id, or if that is odd, the `_id` of its document."""
    if is_product_id(product.get("productId")):
        return str(product["productId"])
    return f"with _id {product['_id']!s:.100}".encode("unicode_escape").decode()


def _finite(value: Any) -> Decimal | None:
    if isinstance(value, Decimal128):
        number = value.to_decimal()
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = Decimal(repr(value))
    else:
        return None
    return number if number.is_finite() else None
