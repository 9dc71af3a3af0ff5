"""An order costs what one of each item costs."""

from typing import Any

from controllers import order_pricing


def plant() -> None:
    module: Any = order_pricing
    module.total_of = lambda priced, _: sum(item["unitPrice"] for item in priced)
