"""What a decided order is answered with: the first time, and each time its key is sent again."""

from typing import NamedTuple

from models.documents import Order, View
from models.order import PENDING, to_json
from models.order_shape import events_of, request_id_of
from utils import errors


class Placement(NamedTuple):
    """An accepted order as clients see it, and whether it is the answer to a repetition."""

    order: View
    replayed: bool


def answer(order: Order, replayed: bool) -> Placement:
    """The answer to a decided order. Raises OutOfStock as it was first answered, or ServiceUnavailable."""
    if order["accepted"]:
        return Placement(_as_accepted(order), replayed)
    if "shortages" in order:
        raise errors.OutOfStock(order["shortages"], order["remedies"], replayed, request_id_of(order))
    if order.get("failureReason") == "unavailable":
        raise errors.ServiceUnavailable(
            "A product in this order has too many open reservations. Send the same request again."
        )
    raise errors.ServiceUnavailable("The order was not accepted in time. Send the same request again.")


def _as_accepted(order: Order) -> View:
    """The order as it stood when it was accepted: what a replayed request is answered with."""
    accepted_at = next((e["at"] for e in events_of(order) if e["event"] == "accepted"), order["createdAt"])
    view = {**to_json(order), "status": PENDING, "updatedAt": accepted_at}
    view.pop("failureReason", None)
    return view
