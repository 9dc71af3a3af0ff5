"""The business step of an order: the place for payment, shipping, an ERP. Nothing by default.

Set FULFILMENT=package.module:function to have your own called with the order's document. It must be safe
to repeat for the same orderId, since a worker may die after it. An exception means: try again later, 5
times in all. The customer may still cancel until the order is Processed, so also while this runs.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

Fulfil = Callable[[dict[str, Any]], None]


def do_nothing(order: dict[str, Any]) -> None:
    """There is nothing to do for an order beyond its stock and its mail."""


def load(path: str) -> Fulfil:
    """The function at `package.module:function`. Raises ValueError with what is wrong."""
    module, _, name = path.partition(":")
    try:
        function = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"FULFILMENT={path}: {error}. Use package.module:function.") from error
    if not callable(function):
        raise ValueError(f"FULFILMENT={path}: not a function.")
    loaded: Fulfil = function
    return loaded
