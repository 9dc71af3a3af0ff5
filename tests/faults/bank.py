"""A business step that charges a bank, and its undo: FULFILMENT=tests.faults.bank:charge, BANK=<directory>.

Its statement is a file of lines `what orderId`. A file `orderId.mode` makes it hard to deal with: `fails`
(after it has charged), `slow` (until the file is gone), `deadly` (kills the process), `stuck` (no refund).
"""

import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.support.waiting import wait_for

STEP = "tests.faults.bank:charge"
MAX_ATTEMPTS = 5


def charge(order: dict[str, Any]) -> None:
    """What the worker calls."""
    bank, order_id = Bank(Path(os.environ["BANK"])), order["orderId"]
    bank.write("begin", order_id)
    if bank.is_in_mode(order_id, "deadly"):
        os.kill(os.getpid(), signal.SIGKILL)
    wait_for(lambda: not bank.is_in_mode(order_id, "slow"), "the bank")
    bank.write("charge", order_id)
    if bank.is_in_mode(order_id, "fails"):
        raise RuntimeError("as planned")


def undo(order: dict[str, Any]) -> None:
    """What the worker calls when the order is not to be after all."""
    bank, order_id = Bank(Path(os.environ["BANK"])), order["orderId"]
    if bank.is_in_mode(order_id, "stuck"):
        raise RuntimeError("as planned")
    bank.write("refund", order_id)


class Bank:
    """The statement, and the modes, in a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(exist_ok=True)

    def write(self, what: str, order_id: str) -> None:
        with (self._directory / "statement").open("a") as file:
            file.write(f"{what} {order_id}\n")

    def words(self, order_id: str) -> list[str]:
        """What was done for an order, in turn."""
        file = self._directory / "statement"
        lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
        return [what for what, of in lines if of == order_id]

    def is_in_mode(self, order_id: str, mode: str) -> bool:
        return (self._directory / f"{order_id}.{mode}").exists()

    def set_mode(self, order_id: str, mode: str) -> None:
        (self._directory / f"{order_id}.{mode}").touch()

    def clear_mode(self, order_id: str, mode: str) -> None:
        (self._directory / f"{order_id}.{mode}").unlink()

    def check(self, orders: Iterable[dict[str, Any]]) -> Iterator[str]:
        """Everything that is wrong, a line each."""
        for order in orders:
            order_id, words = order["orderId"], self.words(order["orderId"])
            if words.count("begin") > MAX_ATTEMPTS:
                yield f"begun too often: order {order_id} {words}"
            if order["status"] == "Failed" and words and words[-1] != "refund":
                yield f"not undone: order {order_id} {words}"
            if order["status"] == "Processed" and words and words[-1] != "charge":
                yield f"not charged: order {order_id} {words}"
