"""The auditor: frees stray holds, those that no order will ever settle.

A hold that was sent by a process that died can arrive after its order was decided and settled. Such a hold is
old, and its order is Failed, or Processed with another hold, or gone.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import structlog

from models import inventory
from models.order import FAILED, PROCESSED, find
from utils import clock

log = structlog.get_logger(__name__)

STRAY_AFTER = timedelta(minutes=15)


class StrayHold(NamedTuple):
    product_id: str
    order_id: str
    hold_id: str
    quantity: int


def find_stray_holds() -> Iterator[StrayHold]:
    """Holds older than 15 min that belong to no order which could still settle them."""
    for product_id, hold in inventory.holds_before(clock.now() - STRAY_AFTER):
        if _is_stray(product_id, hold):
            yield StrayHold(product_id, hold["orderId"], hold["holdId"], hold["quantity"])


def free_stray_holds() -> int:
    """Give stray holds back to the stock, each by its exact id. Returns how many."""
    freed = 0
    for stray in find_stray_holds():
        if inventory.free_hold(*stray):
            freed += 1
            log.warning("stray_hold_freed", **stray._asdict())
    return freed


def _is_stray(product_id: str, hold: dict[str, Any]) -> bool:
    order = find(hold["orderId"])
    if order is None or order["status"] == FAILED:
        return order is None or bool(order.get("settled"))
    if order["status"] != PROCESSED:
        return False
    own = (item.get("holdId") for item in order["items"] if item["productId"] == product_id)
    return hold["holdId"] not in own
