"""Finds the orders that are due, and has them finished even when no message comes for them."""

import random
from collections.abc import Callable, Iterator
from datetime import datetime

import structlog

from models.documents import Order
from models.order import find_due
from models.order_decisions import claim
from models.order_shape import request_id_of
from utils import clock

log = structlog.get_logger(__name__)

_BATCH = 100

Find = Callable[[datetime, int], list[Order]]  # orders that are due at a time, so many at most


def _all(orders: list[Order]) -> list[Order]:
    return orders


def due_orders(
    find: Find,
    stopping: Callable[[], bool],
    batch: int = _BATCH,
    choose: Callable[[list[Order]], list[Order]] = _all,
) -> Iterator[Order]:
    """Each order that `find` gives, until it gives none or the worker is to stop.

    `choose` says which of a batch come now, in which order; the others are found again. None comes twice
    unless a worker has moved it in between: with what makes no progress a sweep would never end. What is
    logged about an order carries the id of the request that placed it.
    """
    seen = set[str]()
    while not stopping():
        found = find(clock.now(), batch)
        due = [order for order in found if _time_of(order) not in seen]
        random.shuffle(due)  # workers that sweep at once begin at different ends
        chosen = choose(due)
        for order in chosen:
            if stopping():
                return
            seen.add(_time_of(order))
            with structlog.contextvars.bound_contextvars(request_id=request_id_of(order)):
                yield order
        if not chosen or (len(chosen) == len(due) and len(found) < batch):
            return


def sweep(advance: Callable[[Order], None], stopping: Callable[[], bool], find: Find = find_due) -> int:
    """Claim every order that `find` gives and hand it to `advance`. Returns how many were claimed."""
    swept = 0
    for order in due_orders(find, stopping):
        claimed = claim(order)
        if claimed is not None:
            advance(claimed)
            swept += 1
    if swept:
        log.info("swept", orders=swept)
    return swept


def _time_of(order: Order) -> str:
    """Which order, at which of its times: as text, as another program's `_id` may be anything."""
    return f"{order['_id']!r} {order['nextActionAt']}"
