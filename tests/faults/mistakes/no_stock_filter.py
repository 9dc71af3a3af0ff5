"""A plain $inc: stock is taken whatever there is."""

from typing import Any

from models import reservations


def plant() -> None:
    module: Any = reservations
    sound = module._hold

    def hold(*args: Any) -> Any:
        update = sound(*args)
        del update._filter["stock"]
        return update

    module._hold = hold
