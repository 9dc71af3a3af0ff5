"""Every try holds under the same hold id."""

from types import SimpleNamespace
from typing import Any

from models import reservations


def plant() -> None:
    module: Any = reservations
    module.uuid4 = lambda: SimpleNamespace(hex="always-the-same")
