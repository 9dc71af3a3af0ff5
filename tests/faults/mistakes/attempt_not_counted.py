"""The claim of the business step does not count the attempt: no death does."""

from typing import Any

from models import order_step
from models.order import orders


def plant() -> None:
    module: Any = order_step
    sound = module.claim_step

    def claim_step(order: dict[str, Any], lease_seconds: float) -> Any:
        claimed = sound(order, lease_seconds)
        orders().update_one({"_id": order["_id"]}, {"$set": {"attempts": order.get("attempts", 0)}})
        return claimed

    module.claim_step = claim_step
