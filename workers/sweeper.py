"""The sweeper: orders that are due are finished even when no message comes for them."""

import random
from collections.abc import Callable
from datetime import datetime

import structlog

from models.documents import Order
from models.order import find_due
from models.order_decisions import claim
from models.order_shape import request_id_of
from utils import clock

log = structlog.get_logger(__name__)

_BATCH = 100


def bind_request_id(order: Order) -> None:
    """Have what is logged about a swept order carry the id of the request that placed it."""
    structlog.contextvars.bind_contextvars(request_id=request_id_of(order))


def sweep(
    advance: Callable[[Order], None],
    stopping: Callable[[], bool],
    find: Callable[[datetime, int], list[Order]] = find_due,
) -> int:
    """Claim every order that is due and hand it to `advance`. Returns how many there were."""
    swept = 0
    while not stopping():
        due = find(clock.now(), _BATCH)
        random.shuffle(due)  # workers that sweep at once begin at different ends
        for order in due:
            claimed = None if stopping() else claim(order)
            if claimed is not None:
                advance(claimed)
                swept += 1
        if len(due) < _BATCH:
            break
    if swept:
        log.info("swept", orders=swept)
    return swept
