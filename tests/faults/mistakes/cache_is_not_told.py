"""Whoever ends an order leaves in the cache what is there, and it stays."""

from typing import Any

from services import redis_service


def plant() -> None:
    module: Any = redis_service
    module.PENDING_SECONDS = 600
    module.put_order = lambda _: None
