"""What a decided order is answered with: the first time, and each time its key is sent again."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from models.order import PENDING, Document, to_json
from models.order_shape import events_of, request_id_of
from utils import errors


class Placement(NamedTuple):
    """The order as clients see it, and whether the answer is a repetition."""

    order: Document
    replayed: bool


def answer_of(order: Document, replayed: bool) -> Placement:
    """The answer to a decided order. Raises OutOfStock as it was first answered, or ServiceUnavailable."""
    if order["accepted"]:
        return Placement(_as_accepted(order), replayed)
    if "shortages" in order:
        raise errors.OutOfStock(
            headers={"Idempotent-Replayed": "true"} if replayed else {},
            shortages=order["shortages"],
            remedies=order["remedies"],
            **({"requestId": placed_by} if (placed_by := request_id_of(order)) else {}),
        )
    raise errors.ServiceUnavailable("The order was not accepted in time. Send the same request again.")


def _as_accepted(order: Document) -> Document:
    """The order as it stood when it was accepted: what a replayed request is answered with."""
    accepted_at = next((e["at"] for e in events_of(order) if e["event"] == "accepted"), order["createdAt"])
    view = {**to_json(order), "status": PENDING, "updatedAt": accepted_at}
    view.pop("failureReason", None)
    return view


def shortages_of(
    order: Document, held: Mapping[str, Mapping[str, Any]]
) -> tuple[list[Document], dict[str, int]]:
    """Which items are short, and what there is of each: what the order itself holds is available to it."""
    available = {
        item["productId"]: item["quantity"]
        if held[item["productId"]]["holdId"]
        else held[item["productId"]]["stock"]
        for item in order["items"]
    }
    shortages = [
        {
            "productId": item["productId"],
            "requested": item["quantity"],
            "available": available[item["productId"]],
        }
        for item in order["items"]
        if available[item["productId"]] < item["quantity"]
    ]
    return shortages, available
