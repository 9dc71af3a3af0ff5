"""The business step of an order: the place for payment, shipping, an ERP. Nothing by default.

Set FULFILMENT=package.module:function to have your own called with the order's document. What to know:

- It may be called again for the same orderId, also when it succeeded: the worker may die before that is
  written down. So make it safe to repeat. Most payment and shipping APIs take an idempotency key: give them
  the orderId.
- At any time one worker calls it for an order. It may take FULFILMENT_SECONDS. An exception, a longer run and
  the death of the worker each cost an attempt. After a pause it is tried again, 5 times in all; then the
  order is Failed, `processing_error`.
- While it runs the customer cannot cancel; between two attempts he can.
- If the module has a function `undo` too, that is called when an order of which an attempt was begun is
  Failed in the end, by its customer or for good, and before its stock is given back. How far the attempts
  came is not known: it must be safe to repeat, and safe when there is nothing to undo. It has the same time,
  is tried 5 times, and then the order waits for a person (`flask audit` names it).
- Up to FULFILMENT_THREADS of both run at once in a worker, beside all other work. A thread cannot be killed:
  what hangs for ever keeps its place. So give each call that waits for another system a time-out.

docs/FULFILMENT.md has an example.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

Step = Callable[[Any], object]  # it takes a copy of the order's document: models/documents.py, Order


class Fulfilment(NamedTuple):
    """What to call with the order's document; None where there is nothing to do."""

    step: Step | None = None
    undo: Step | None = None


def do_nothing(order: Any) -> None:
    """There is nothing to do for an order beyond its stock and its mail."""


def load(path: str) -> Fulfilment:
    """The function at `package.module:function`, and `undo` of that module if it has one.

    Raises ValueError with what is wrong.
    """
    module_name, _, name = path.partition(":")
    try:
        module = import_module(module_name)
        function = getattr(module, name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"FULFILMENT={path}: {error}. Use package.module:function.") from error
    undo = getattr(module, "undo", None)
    if not callable(function) or not (undo is None or callable(undo)):
        raise ValueError(f"FULFILMENT={path}: not a function, or the module's `undo` is none.")
    return Fulfilment() if function is do_nothing else Fulfilment(function, undo)
