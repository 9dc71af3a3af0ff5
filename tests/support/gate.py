"""A business step that stands at a gate: FULFILMENT=tests.support.gate:pass_through, GATE=<directory>.

Each order leaves a file under its orderId when its step begins, and goes on once there is a file `open`.
"""

import os
from pathlib import Path
from typing import Any

from tests.support.waiting import wait_for

STEP = "tests.support.gate:pass_through"


def pass_through(order: dict[str, Any]) -> None:
    """What the worker calls."""
    gate = Path(os.environ["GATE"])
    (gate / order["orderId"]).touch()
    wait_for((gate / "open").exists, "the gate to open")


def begun(gate: Path) -> set[str]:
    """The orderIds whose step has begun."""
    return {file.name for file in gate.iterdir()} - {"open"}


def open_gate(gate: Path) -> None:
    (gate / "open").touch()
