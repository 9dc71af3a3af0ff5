"""A business step that stands at a gate: FULFILMENT=tests.support.gate:pass_through, GATE=<directory>.

Each order leaves a file under its orderId when its step begins, with a line for each time, and goes on once
there is a file `open`, or one that opens for it alone. With a file `deadly` the step kills its worker.
"""

import os
import signal
from pathlib import Path
from typing import Any

from tests.support.waiting import wait_for

STEP = "tests.support.gate:pass_through"
_OPEN, _DEADLY, _UNDONE = "open", "deadly", ".undone"


def pass_through(order: dict[str, Any]) -> None:
    """What the worker calls."""
    gate = Path(os.environ["GATE"])
    with (gate / order["orderId"]).open("a") as file:
        file.write("begun\n")
    if (gate / _DEADLY).exists():
        os.kill(os.getpid(), signal.SIGKILL)
    doors = gate / _OPEN, gate / (order["orderId"] + "." + _OPEN)
    wait_for(lambda: any(door.exists() for door in doors), "the gate to open")


def undo(order: dict[str, Any]) -> None:
    (Path(os.environ["GATE"]) / (order["orderId"] + _UNDONE)).touch()


def begun(gate: Path) -> set[str]:
    """The orderIds whose step has begun."""
    return {file.name for file in gate.iterdir() if len(file.name) == 24}


def times_begun(gate: Path, order_id: str) -> int:
    file = gate / order_id
    return len(file.read_text().splitlines()) if file.exists() else 0


def is_undone(gate: Path, order_id: str) -> bool:
    return (gate / (order_id + _UNDONE)).exists()


def open_gate(gate: Path, order_id: str = "") -> None:
    """For all orders, or for one."""
    (gate / (f"{order_id}.{_OPEN}" if order_id else _OPEN)).touch()


def make_deadly(gate: Path) -> None:
    (gate / _DEADLY).touch()


def make_harmless(gate: Path) -> None:
    (gate / _DEADLY).unlink()
