"""What is owed an undo is settled without it."""

from typing import Any

from models import order_step
from workers.business_step import BusinessStep


def plant() -> None:
    kind: Any = BusinessStep
    kind._begin_undo = lambda self, order, due, patient: order_step.drop_undo(order)
