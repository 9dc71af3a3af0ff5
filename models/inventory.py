"""Products and their stock. Port of models/Inventory.js; models/reservations.py holds stock for orders.

At every moment, for every product (models/documents.py):

    stock >= 0    and    stock + sold + sum(holds) == received

A document that the Node app wrote lacks all but `stock`: missing means empty or 0, and `received` is worked
out when it is first needed (models/books.py). One that is odd (models/product_shape.py) is left out.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final, NamedTuple

from bson import ObjectId
from marshmallow import ValidationError, validate, validates_schema
from pymongo import ASCENDING
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from config.resources import resources
from models.documents import Product, Query, View
from models.index_spec import Index
from models.product_shape import as_price, sound
from models.schemas import Amount, StrictInteger, StrictSchema
from models.stock_expressions import SOUND_PARTS, received_after_setting
from utils import clock
from utils.crash_points import crash_point

# What clients see of a product, beside its id.
_SHOWN = ("stock", "price", "updatedAt")
# Of the reservations no more than it takes to see whether they are a list.
_WITHOUT_HOLDS = {"holds": {"$slice": 1}}
# After odd products a page is filled up in steps that are not as small as a page may be.
_NEXT_READ = 1000

MAX_STOCK: Final = 1_000_000_000


class Unchanged(Enum):
    """For a price that is to stay as it is."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED
NewPrice = float | None | Unchanged  # None removes it


class StockSchema(StrictSchema):
    stock = StrictInteger(required=True, validate=validate.Range(min=0, max=MAX_STOCK))
    price = Amount(allow_none=True)


class StockChangeSchema(StrictSchema):
    """At least one of them."""

    adjust = StrictInteger(validate=validate.Range(min=-MAX_STOCK, max=MAX_STOCK))
    price = Amount(allow_none=True)

    @validates_schema
    def _changes_something(self, data: Mapping[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("Send adjust, price, or both.")


def inventories() -> Collection[Product]:
    return resources().mongodb.collection("inventories")


INDEXES = (Index(("productId",), {"unique": True}, vital=True),)


def find(product_id: str) -> Product | None:
    """A product that can be sold, without its reservations. Odd ones are as if they were not there."""
    product = inventories().find_one({"productId": product_id}, _WITHOUT_HOLDS)
    return None if product is None else sound(product)


class Stocked(NamedTuple):
    """What is free to sell of a product, and its price; None where it has none."""

    stock: int
    price: float | None


def find_many(product_ids: Iterable[str]) -> dict[str, Stocked]:
    """The products that can be sold, by productId."""
    wanted = {"productId": {"$in": list(product_ids)}}
    found = filter(None, map(sound, inventories().find(wanted, _WITHOUT_HOLDS)))
    return {
        product["productId"]: Stocked(product["stock"], as_price(product.get("price"))) for product in found
    }


def find_page(after: str | None, limit: int) -> list[Product]:
    """Up to `limit` products by productId, those after `after`. Odd ones are left out."""
    page: list[Product] = []
    wanted, size = {"$gt": after} if after else {"$gte": ""}, limit  # either means text
    while True:
        found = inventories().find({"productId": wanted}, _WITHOUT_HOLDS)
        read = list(found.sort("productId", ASCENDING).limit(size))
        page += filter(None, map(sound, read))
        if len(page) >= limit or len(read) < size:
            return page[:limit]
        wanted, size = {"$gt": read[-1]["productId"]}, _NEXT_READ


def each(product_id: str | None = None) -> Iterator[Product]:
    """Every product by productId, or that one, as the database has it, but for its holds. For operators."""
    wanted = {"productId": product_id} if product_id is not None else {}
    return inventories().find(wanted, {"holds": 0}).sort("productId", ASCENDING)


@crash_point
def set_stock(product_id: str, *, stock: int, price: NewPrice = UNCHANGED) -> bool:
    """Set what is free to sell of a product, and its price. True if the product is new.

    One update, so that reservations made at the same moment are neither lost nor counted twice. It mends an
    odd product: what of it is not sound is taken away.
    """
    update = _set_to(stock, price)
    return inventories().update_one({"productId": product_id}, update, upsert=True).upserted_id is not None


@crash_point
def replace_stock(seen: Product, *, stock: int, price: NewPrice = UNCHANGED) -> bool:
    """As `set_stock`, if the product is still as it was seen. False if it is not."""
    return inventories().update_one(_as_seen(seen), _set_to(stock, price)).matched_count == 1


@crash_point
def add_product(product_id: str, *, stock: int, price: float | None = None) -> bool:
    """As `set_stock`, if there is no such product. False if there is."""
    now = clock.now()
    product: Product = {
        "_id": ObjectId(),
        "productId": product_id,
        "stock": stock,
        "received": stock,
        "createdAt": now,
        "updatedAt": now,
    }
    try:
        inventories().insert_one(product if price is None else {**product, "price": price})
    except DuplicateKeyError:
        return False
    return True


@crash_point
def adjust_stock(seen: Product, *, adjust: int, price: NewPrice = UNCHANGED, exactly: bool) -> bool:
    """Add `adjust` (which may be negative) to what is free to sell, and set the price.

    One update. False when nothing was written: the stock would leave the range from 0 to MAX_STOCK, or, if it
    is to be `exactly` as it was seen, it is not.
    """
    which = _as_seen(seen) if exactly else {"_id": seen["_id"]}
    fields: Query = {"updatedAt": clock.now(), **_price_field(price)}
    if adjust:
        bounds = {"stock": {"$gte": max(0, -adjust), "$lte": min(MAX_STOCK, MAX_STOCK - adjust)}}
        which = {"$and": [which, bounds]}
        fields["stock"] = {"$add": ["$stock", adjust]}
        fields["received"] = received_after_setting(fields["stock"])
    return inventories().update_one(which, [{"$set": fields}]).matched_count == 1


def _set_to(stock: int, price: NewPrice) -> list[Query]:
    now = clock.now()
    fields: Query = {
        "received": received_after_setting(stock),
        "stock": stock,
        "createdAt": {"$ifNull": ["$createdAt", now]},
        "updatedAt": now,
    }
    return [{"$set": SOUND_PARTS}, {"$set": {**fields, **_price_field(price)}}]


def _price_field(price: NewPrice) -> Query:
    if price is UNCHANGED:
        return {}
    return {"price": "$$REMOVE" if price is None else price}


def _as_seen(product: Mapping[str, Any]) -> Query:
    """Matches the product while all that clients see of it is as it was read; null is as good as missing."""
    return {"_id": product["_id"], **{name: {"$eq": product.get(name)} for name in _SHOWN}}


def to_json(product: Mapping[str, Any]) -> View:
    """What clients see of a product, as `find` and `find_page` return it."""
    updated_at, price = product.get("updatedAt"), as_price(product.get("price"))
    view = {
        "productId": product["productId"],
        "stock": product["stock"],
        "inStock": product["stock"] > 0,
        "updatedAt": updated_at if isinstance(updated_at, datetime) else None,
    }
    return view if price is None else {**view, "price": price}
