"""Products and their stock. Port of models/Inventory.js: `{productId, stock}`, and what reserving needs.

`stock` is free to sell; `holds: [{orderId, holdId, quantity, at}]` are reservations; `sold` is what was
bought; `received` is all that ever came in. At every moment, for every product:

    stock >= 0    and    stock + sold + sum(holds) == received

A document that the Node app wrote lacks all but `stock`: missing means empty or 0, and `received` is worked
out when it is first needed (models/books.py). One that is odd (models/product_shape.py) is left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from marshmallow import ValidationError, validate, validates_schema
from pymongo import ASCENDING, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from config.db import collection
from models.index_spec import Index
from models.product_shape import as_integer, as_price, sound, sound_holds
from models.schemas import Amount, StrictInteger, StrictSchema
from models.stock_expressions import SOUND_PARTS, received_after_setting
from utils import clock
from utils.crash_points import crash_point

Document = dict[str, Any]

# More open reservations than this on one product are refused: the document would grow too slow to update.
MAX_HOLDS = 5000
_NOT_CROWDED = {f"holds.{MAX_HOLDS - 1}": {"$exists": False}}

# What clients see of a product, beside its id.
_SHOWN = ("stock", "price", "updatedAt")
# Of the reservations no more than it takes to see whether they are a list.
_WITHOUT_HOLDS = {"holds": {"$slice": 1}}
# After odd products a page is filled up in steps that are not as small as a page may be.
_NEXT_READ = 1000

MAX_STOCK = 1_000_000_000


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


def inventories() -> Collection[Document]:
    return collection("inventories")


INDEXES = (Index(("productId",), {"unique": True}, vital=True),)


def find(product_id: str) -> Document | None:
    """A product that can be sold, without its reservations. Odd ones are as if they were not there."""
    product = inventories().find_one({"productId": product_id}, _WITHOUT_HOLDS)
    return None if product is None else sound(product)


def find_many(product_ids: Iterable[str]) -> dict[str, Document]:
    """Stock and price (None where it has none) of the products that can be sold, by productId."""
    wanted = {"productId": {"$in": list(product_ids)}}
    found = filter(None, map(sound, inventories().find(wanted, _WITHOUT_HOLDS)))
    return {
        product["productId"]: {"stock": product["stock"], "price": as_price(product.get("price"))}
        for product in found
    }


def find_page(after: str | None, limit: int) -> list[Document]:
    """Up to `limit` products by productId, those after `after`. Odd ones are left out."""
    page: list[Document] = []
    wanted, size = {"$gt": after} if after else {"$gte": ""}, limit  # either means text
    while True:
        found = inventories().find({"productId": wanted}, _WITHOUT_HOLDS)
        read = list(found.sort("productId", ASCENDING).limit(size))
        page += filter(None, map(sound, read))
        if len(page) >= limit or len(read) < size:
            return page[:limit]
        wanted, size = {"$gt": read[-1]["productId"]}, _NEXT_READ


def each(product_id: str | None = None) -> Iterator[Document]:
    """Every product by productId, or that one, as the database has it, but for its holds. For operators."""
    wanted = {"productId": product_id} if product_id is not None else {}
    return inventories().find(wanted, {"holds": 0}).sort("productId", ASCENDING)


@crash_point
def set_stock(product_id: str, stock: int, changes: Mapping[str, Any]) -> bool:
    """Set what is free to sell, and the price if `changes` has one (None removes it). True if it is new.

    One update, so that reservations made at the same moment are neither lost nor counted twice. It mends an
    odd product: what of it is not sound is taken away.
    """
    update = _set_to(stock, changes)
    return inventories().update_one({"productId": product_id}, update, upsert=True).upserted_id is not None


@crash_point
def replace_stock(seen: Document, stock: int, changes: Mapping[str, Any]) -> bool:
    """As `set_stock`, if the product is still as it was seen. False if it is not."""
    return inventories().update_one(_as_seen(seen), _set_to(stock, changes)).matched_count == 1


@crash_point
def add_product(product_id: str, stock: int, changes: Mapping[str, Any]) -> bool:
    """As `set_stock`, if there is no such product. False if there is."""
    now, price = clock.now(), changes.get("price")
    product = {"productId": product_id, "stock": stock, "received": stock, "createdAt": now, "updatedAt": now}
    try:
        inventories().insert_one(product if price is None else {**product, "price": price})
    except DuplicateKeyError:
        return False
    return True


@crash_point
def adjust_stock(seen: Document, changes: Mapping[str, Any], exactly: bool) -> bool:
    """Add `adjust` (which may be negative) to what is free to sell, and set the price (None removes it).

    One update. False when nothing was written: the stock would leave the range from 0 to MAX_STOCK, or, if it
    is to be `exactly` as it was seen, it is not.
    """
    which = _as_seen(seen) if exactly else {"_id": seen["_id"]}
    fields: Document = {"updatedAt": clock.now(), **_price_field(changes)}
    if adjust := changes.get("adjust"):
        bounds = {"stock": {"$gte": max(0, -adjust), "$lte": min(MAX_STOCK, MAX_STOCK - adjust)}}
        which = {"$and": [which, bounds]}
        fields["stock"] = {"$add": ["$stock", adjust]}
        fields["received"] = received_after_setting(fields["stock"])
    return inventories().update_one(which, [{"$set": fields}]).matched_count == 1


def _set_to(stock: int, changes: Mapping[str, Any]) -> list[Document]:
    now = clock.now()
    fields: Document = {
        "received": received_after_setting(stock),
        "stock": stock,
        "createdAt": {"$ifNull": ["$createdAt", now]},
        "updatedAt": now,
    }
    return [{"$set": SOUND_PARTS}, {"$set": {**fields, **_price_field(changes)}}]


def _price_field(changes: Mapping[str, Any]) -> Document:
    """A price that is left out stays, and None removes it."""
    if "price" not in changes:
        return {}
    return {"price": "$$REMOVE" if changes["price"] is None else changes["price"]}


def _as_seen(product: Mapping[str, Any]) -> Document:
    """Matches the product while all that clients see of it is as it was read; null is as good as missing."""
    return {"_id": product["_id"], **{name: {"$eq": product.get(name)} for name in _SHOWN}}


@crash_point
def reserve(order_id: str, items: Sequence[Mapping[str, Any]]) -> dict[str, str] | None:
    """Hold all items of an order in one round trip: the hold ids by productId, or None if some failed.

    Each try makes fresh hold ids. A hold of an earlier try, or of another request for the same order, is
    never doubled; see `held_for` for what is held after a None.
    """
    now = clock.now()
    hold_ids = {item["productId"]: uuid4().hex for item in items}
    updates = [_hold(order_id, item, hold_ids[item["productId"]], now) for item in items]
    result = inventories().bulk_write(updates, ordered=False)
    return hold_ids if result.modified_count == len(items) else None


def _hold(order_id: str, item: Mapping[str, Any], hold_id: str, now: datetime) -> UpdateOne:
    quantity = item["quantity"]
    hold = {"orderId": order_id, "holdId": hold_id, "quantity": quantity, "at": now}
    return UpdateOne(
        {
            "productId": item["productId"],
            "stock": {"$gte": quantity},
            "holds.orderId": {"$ne": order_id},
            **_NOT_CROWDED,
        },
        {"$inc": {"stock": -quantity}, "$push": {"holds": hold}, "$set": {"updatedAt": now}},
    )


def held_for(order_id: str, product_ids: Iterable[str]) -> dict[str, Document]:
    """By productId: `{stock, holdId}`, where holdId is the order's hold on the product, or None."""
    found = inventories().find(
        {"productId": {"$in": list(product_ids)}},
        {"productId": 1, "stock": 1, "holds": {"$elemMatch": {"orderId": order_id}}},
    )
    return {
        product["productId"]: {
            "stock": as_integer(product.get("stock")) or 0,
            "holdId": next((hold["holdId"] for hold in sound_holds(product)), None),
        }
        for product in found
    }


@crash_point
def settle_sold(order_id: str, items: Iterable[Mapping[str, Any]]) -> None:
    """Turn the holds that the accepted order names into sales. Repeating it changes nothing."""
    _settle(_end_hold(order_id, item, item["holdId"], "sold") for item in items if "holdId" in item)


@crash_point
def settle_returned(order_id: str, items: Iterable[Mapping[str, Any]]) -> None:
    """Give back whatever the order holds, under any hold id. Repeating it changes nothing."""
    _settle(_end_hold(order_id, item, None, "stock") for item in items)


@crash_point
def free_hold(product_id: str, order_id: str, hold_id: str, quantity: int) -> bool:
    """Give one stray hold back to the stock. False when it is gone already."""
    item = {"productId": product_id, "quantity": quantity}
    return _settle([_end_hold(order_id, item, hold_id, "stock")]) == 1


def holds_before(moment: datetime) -> Iterator[tuple[str, Document]]:
    """Every reservation made before that moment, with its productId. Those of odd products wait for a mend:
    nothing can be given back to a stock that is no number."""
    for product in inventories().find({"holds.at": {"$lt": moment}}):
        for hold in sound_holds(product) if sound(product) else ():
            if hold["at"] < moment:
                yield product["productId"], hold


def _settle(updates: Iterable[UpdateOne]) -> int:
    writes = list(updates)
    return inventories().bulk_write(writes, ordered=False).modified_count if writes else 0


def _end_hold(order_id: str, item: Mapping[str, Any], hold_id: str | None, to: str) -> UpdateOne:
    """Units that are given back can be seen, so `updatedAt` moves; those sold were gone before."""
    hold = {"orderId": order_id} if hold_id is None else {"orderId": order_id, "holdId": hold_id}
    update: Document = {"$pull": {"holds": hold}, "$inc": {to: item["quantity"]}}
    if to == "stock":
        update["$set"] = {"updatedAt": clock.now()}
    return UpdateOne({"productId": item["productId"], "holds": {"$elemMatch": hold}}, update)


def to_json(product: Mapping[str, Any]) -> Document:
    """What clients see of a product, as `find` and `find_page` return it."""
    updated_at, price = product.get("updatedAt"), as_price(product.get("price"))
    view = {
        "productId": product["productId"],
        "stock": product["stock"],
        "inStock": product["stock"] > 0,
        "updatedAt": updated_at if isinstance(updated_at, datetime) else None,
    }
    return view if price is None else {**view, "price": price}
