"""The cache of orders, under the Node app's keys `order:<orderId>`. Port of services/redisService.js.

A hint, never the truth: whatever goes wrong with it, the caller goes to MongoDB. Time-outs are short, and
while Redis is down a circuit breaker spares each request even those. Beside it lie a word about mails, and
which workers live.
"""

import re
import time
from collections.abc import Callable
from typing import Any

import orjson
from redis import RedisError

from config.resources import resources
from models import order as order_model
from models.order_shape import view_flaw
from services.order_notifications import notify_finished
from utils import json_provider, metrics
from utils.circuit_breaker import CircuitOpen
from utils.crash_points import crash_point

# A stale entry cannot outlive these.
PENDING_SECONDS = 2
ENDED_SECONDS = 600

# As JavaScript writes a time, and we do.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

_MAILS_HELD = "mails:held"
_WORKERS = "workers"  # a sorted set: name, and the second in which it was last alive
_WORKER_SECONDS = 15
_REASON = re.compile(r"[A-Za-z0-9. ]{1,64}")


def get_order(order_id: str) -> dict[str, Any] | None:
    """The cached order as clients see it, or None. Whose it is must be checked by the caller.

    Node's worker puts whole documents there, with all that we keep in them: clients get what is theirs.
    """
    order = _whole_order(_attempt(resources().cache.get, _key(order_id)), order_id)
    metrics.cache_reads.labels("miss" if order is None else "hit").inc()
    return order


@crash_point
def add_order(order: dict[str, Any]) -> None:
    """What a reader does: put the order there unless something is there already, as that may be newer."""
    _attempt(resources().cache.add, _key(order["orderId"]), json_provider.dumps(order), timeout=_life(order))


@crash_point
def put_order(order: dict[str, Any]) -> None:
    """What a writer does after its commit: replace what is there, and wake the clients that wait for it."""
    _attempt(resources().cache.set, _key(order["orderId"]), json_provider.dumps(order), timeout=_life(order))
    _attempt(notify_finished, order["orderId"], str(order["_id"]))


def note_mails_held(reason: str, seconds: int) -> None:
    """What a worker does while no mail goes out: leave a word for /readyz, which goes by itself after that
    time."""
    _attempt(resources().cache.set, _MAILS_HELD, reason.encode(), timeout=seconds)


def note_mails_go_out() -> None:
    """What it does once mails go out again."""
    _attempt(resources().cache.delete, _MAILS_HELD)


def note_worker(name: str) -> None:
    """What a worker does now and then while it lives."""
    now = time.time()
    _attempt(resources().redis.zadd, _WORKERS, {name: now})
    _attempt(resources().redis.zremrangebyscore, _WORKERS, 0, now - _WORKER_SECONDS)


def live_workers() -> list[str]:
    """The workers that have said so within 15 s; none when Redis is down."""
    found = _attempt(resources().redis.zrangebyscore, _WORKERS, time.time() - _WORKER_SECONDS, "+inf")
    return sorted(name.decode(errors="replace") for name in found or ())


def mails_held() -> str | None:
    """The reason why no mail goes out, as a worker left it; None when none did, and when Redis is down."""
    word = _attempt(resources().cache.get, _MAILS_HELD)
    reason = word.decode(errors="replace") if isinstance(word, bytes) else ""
    return reason if _REASON.fullmatch(reason) else None


def _attempt(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return resources().redis_circuit.call(function, *args, **kwargs)
    except (RedisError, CircuitOpen):
        return None


def _whole_order(data: Any, order_id: str) -> dict[str, Any] | None:
    if data is None:
        return None
    try:
        order = orjson.loads(data)
    except ValueError:
        return None
    return order_model.to_json(order) if _is_whole(order, order_id) else None


def _is_whole(order: Any, order_id: str) -> bool:
    return (
        isinstance(order, dict)
        and view_flaw(order, ids=str, times=str) is None
        and order["orderId"] == order_id
        and all(_TIME.fullmatch(order[name]) for name in ("createdAt", "updatedAt"))
    )


def _key(order_id: str) -> str:
    return f"order:{order_id}"


def _life(order: dict[str, Any]) -> int:
    return PENDING_SECONDS if order["status"] == order_model.PENDING else ENDED_SECONDS
