"""No `"holds.orderId": {"$ne": id}`: a second try holds again what the first one held."""

from typing import Any

from models import reservations


def plant() -> None:
    module: Any = reservations
    sound = module._hold

    def hold(*args: Any) -> Any:
        update = sound(*args)
        del update._filter["holds.orderId"]
        return update

    module._hold = hold
