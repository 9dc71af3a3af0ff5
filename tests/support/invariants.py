"""The protocol's invariants, read straight from the database. Numbers as in the protocol's list."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

Document = dict[str, Any]


def check_always(database: Any, product_ids: Collection[str] | None = None) -> None:
    """1 and 2: hold at every moment, for each product by itself."""
    for product in _products(database, product_ids):
        held = sum(hold["quantity"] for hold in product.get("holds", ()))
        assert product["stock"] >= 0, product
        assert product["stock"] + product.get("sold", 0) + held == product["received"], product


def check_pending(database: Any) -> None:
    """3: an accepted Pending order holds every one of its items, under the hold id that it names."""
    for order in database["orders"].find({"status": "Pending", "accepted": True}):
        for item in order["items"]:
            held = {"orderId": order["orderId"], "holdId": item["holdId"], "quantity": item["quantity"]}
            product = {"productId": item["productId"], "holds": {"$elemMatch": held}}
            assert database["inventories"].count_documents(product) == 1, (order, item)


def check_at_rest(database: Any, product_ids: Collection[str] | None = None) -> None:
    """5: with nothing left to do. Of the orders, those count that name one of the products; not those that
    the Node app ended, which say nothing of reservations."""
    check_always(database, product_ids)
    sold: Counter[str] = Counter()
    for order in database["orders"].find({"accepted": {"$exists": True}}):
        lines = [i for i in order["items"] if product_ids is None or i["productId"] in product_ids]
        if lines:
            assert order["status"] != "Pending", order
            assert order["settled"] is True, order
            assert "nextActionAt" not in order, order
        if order["status"] == "Processed":
            sold.update({item["productId"]: item["quantity"] for item in lines if "holdId" in item})
    for product in _products(database, product_ids):
        assert product.get("holds", []) == [], product
        assert product.get("sold", 0) == sold[product["productId"]], product


def _products(database: Any, product_ids: Collection[str] | None) -> list[Mapping[str, Any]]:
    wanted = {} if product_ids is None else {"productId": {"$in": list(product_ids)}}
    return list(database["inventories"].find(wanted))
