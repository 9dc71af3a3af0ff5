"""Nobody looks for orders that are due."""

from typing import Any

from workers import consumer


def plant() -> None:
    module: Any = consumer
    module.sweep = lambda *_: 0
