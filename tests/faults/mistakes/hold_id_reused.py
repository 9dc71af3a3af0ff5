"""Every try holds under the same hold id."""

from types import SimpleNamespace
from typing import Any

from models import inventory


def plant() -> None:
    module: Any = inventory
    module.uuid4 = lambda: SimpleNamespace(hex="always-the-same")
