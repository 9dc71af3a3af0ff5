"""Waiting for conditions, never for time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(condition: Callable[[], T | None], what: str = "the condition", seconds: float = 60) -> T:
    """Ask until the answer is true, and return it. The limit is generous: it only ends a failed test."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}; last answer: {answer!r}")
        time.sleep(0.02)
