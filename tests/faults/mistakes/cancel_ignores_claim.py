"""Who cancels does not ask whether a worker is at the business step."""

from typing import Any

from models import order_decisions


def plant() -> None:
    module: Any = order_decisions
    sound = module.claimed_by
    module.claimed_by = lambda token: sound(token) if token else {}
