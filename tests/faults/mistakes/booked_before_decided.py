"""Stock is sold, and its holds are gone, before the order is Processed."""

from typing import Any

from models import order_decisions, reservations


def plant() -> None:
    module: Any = order_decisions
    sound = module.process

    def process(order: dict[str, Any]) -> Any:
        reservations.settle_sold(order["orderId"], order["items"])
        return sound(order)

    module.process = process
