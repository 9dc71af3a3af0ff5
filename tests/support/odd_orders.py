"""Orders as other programs may leave them: what is done to a whole one, by a name for the test."""

from collections.abc import Callable
from typing import Any

from bson import Decimal128

Document = dict[str, Any]
Damage = Callable[[Document], object]

SECRET = "odd-value-that-no-log-may-hold"

# Clients cannot be shown these, and no worker can work on them.
NOT_SHOWN: dict[str, Damage] = {
    "no items": lambda o: o.pop("items"),
    "text as items": lambda o: o.update(items=SECRET),
    "null as item": lambda o: o.update(items=[None]),
    "item without productId": lambda o: o["items"][0].pop("productId"),
    "number as productId": lambda o: o["items"][0].update(productId=5),
    "text as quantity": lambda o: o["items"][0].update(quantity=SECRET),
    "no totalAmount": lambda o: o.pop("totalAmount"),
    "decimal as totalAmount": lambda o: o.update(totalAmount=Decimal128("19.5")),
    "NaN as totalAmount": lambda o: o.update(totalAmount=float("nan")),
    "no createdAt": lambda o: o.pop("createdAt"),
    "text as createdAt": lambda o: o.update(createdAt=SECRET),
    "no orderId": lambda o: o.pop("orderId"),
    "unknown status": lambda o: o.update(status=SECRET),
    "list as status": lambda o: o.update(status=[o["status"]]),
}
# Clients can be shown these, but no worker can work on them.
SHOWN: dict[str, Damage] = {
    "text as history": lambda o: o.update(history=SECRET),
    "text as mail": lambda o: o.update(mail=SECRET),
    "mail without attempts": lambda o: o.update(mail={"state": "due"}),
    "mail with an unknown state": lambda o: o.update(mail={"state": SECRET, "attempts": 0}),
    "claimed mail without token": lambda o: o.update(mail={"state": "claimed", "attempts": 1}),
    "text as attempts": lambda o: o.update(attempts=SECRET),
    "claimed step without token": lambda o: o.update(step={"until": o["createdAt"]}),
    "text as end of a step's claim": lambda o: o.update(step={"token": "x", "until": SECRET}),
    "list as accepted": lambda o: o.update(accepted=[False]),
    "text as settled": lambda o: o.update(settled=SECRET),
}
ODD = {**NOT_SHOWN, **SHOWN}


def damaged(order: Document, how: str) -> Document:
    """A copy of the order with that damage."""
    copy: Document = {**order, "items": [dict(item) for item in order["items"]]}
    ODD[how](copy)
    return copy
