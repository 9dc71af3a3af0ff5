"""The cache of orders, under the Node app's keys `order:<orderId>`. Port of services/redisService.js.

A hint, never the truth: whatever goes wrong with it, the caller goes to MongoDB. Time-outs are short, and
while Redis is down a circuit breaker spares each request even those.
"""

from collections.abc import Callable
from typing import Any

import orjson
from redis import RedisError

from config.redis import cache
from models import order as order_model
from services.order_bell import announce
from utils import json_provider
from utils.circuit_breaker import CircuitBreaker, CircuitOpen
from utils.crash_points import crash_point

# A stale entry cannot outlive these.
PENDING_SECONDS = 2
ENDED_SECONDS = 600

# What an entry has, whoever wrote it: this app, or the Node app for the same data.
_NEEDED = {"_id", "orderId", "userId", "items", "totalAmount", "status", "createdAt", "updatedAt"}

_breaker = CircuitBreaker("redis", (RedisError,))


def get_order(order_id: str) -> dict[str, Any] | None:
    """The cached order as clients see it, or None. Whose it is must be checked by the caller."""
    data = _attempt(cache.get, _key(order_id))
    if data is None:
        return None
    try:
        order = orjson.loads(data)
    except ValueError:
        return None
    whole = isinstance(order, dict) and order.keys() >= _NEEDED and order["orderId"] == order_id
    return order if whole else None


@crash_point
def add_order(order: dict[str, Any]) -> None:
    """What a reader does: put the order there unless something is there already, as that may be newer."""
    _attempt(cache.add, _key(order["orderId"]), json_provider.dumps(order), timeout=_life(order))


@crash_point
def put_order(order: dict[str, Any]) -> None:
    """What a writer does after its commit: replace what is there, and wake whoever waits for it."""
    _attempt(cache.set, _key(order["orderId"]), json_provider.dumps(order), timeout=_life(order))
    _attempt(announce, order["orderId"])


def _attempt(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return _breaker.call(function, *args, **kwargs)
    except (RedisError, CircuitOpen):
        return None


def _key(order_id: str) -> str:
    return f"order:{order_id}"


def _life(order: dict[str, Any]) -> int:
    return PENDING_SECONDS if order["status"] == order_model.PENDING else ENDED_SECONDS
