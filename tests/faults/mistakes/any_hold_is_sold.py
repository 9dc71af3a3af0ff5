"""Settling matches the order alone, not the hold id that it was accepted with."""

from typing import Any

from models import reservations


def plant() -> None:
    module: Any = reservations
    sound = module._end_hold
    module._end_hold = lambda order_id, item, hold_id, to: sound(order_id, item, None, to)
