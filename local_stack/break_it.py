"""What can be broken on purpose in the local stack, to see what clients notice and what mends it.

A fault begins by its name. One that lasts ends by itself after some seconds, or when it is mended.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError
from pymongo.errors import PyMongoError

from local_stack.processes import StackError

_LASTS_SECONDS: Final = 60.0
_AGAIN_SECONDS: Final = 1.0  # until what could not be ended is tried once more
# What is broken already may be what is needed to break something else, or to mend it.
_IN_THE_WAY: Final = (OSError, PyMongoError, BotoCoreError, ClientError, StackError)


class NotNow(Exception):
    """The fault cannot be made, or not be mended; the text says what is missing."""


class Fault(NamedTuple):
    """`title` stands on the button; `shows` says what clients see meanwhile, `recovers` what ends it."""

    name: str
    title: str
    shows: str
    recovers: str
    begin: Callable[[], None]
    end: Callable[[], None] | None = None  # None: it is over at once


class BreakIt:
    """The faults of one local stack. All of it is for one thread: that which tends the processes."""

    def __init__(self, faults: list[Fault]) -> None:
        self._faults = {fault.name: fault for fault in faults}
        self._ends: dict[str, float] = {}

    def view(self) -> list[dict[str, Any]]:
        """`[{name, title, shows, recovers, secondsLeft}]`; secondsLeft is 0 for what is not broken."""
        now = time.monotonic()
        return [
            {
                "name": fault.name,
                "title": fault.title,
                "shows": fault.shows,
                "recovers": fault.recovers,
                "secondsLeft": max(1, round(self._ends[fault.name] - now)) if fault.name in self._ends else 0,
            }
            for fault in self._faults.values()
        ]

    def has(self, name: str) -> bool:
        return name in self._faults

    def begin(self, name: str) -> None:
        """Break it; what is broken already stays so for longer. Raises NotNow."""
        fault = self._faults[name]
        if name not in self._ends:
            with _explained():
                fault.begin()
        if fault.end is not None:
            self._ends[name] = time.monotonic() + _LASTS_SECONDS

    def end(self, name: str) -> None:
        """Mend it; nothing if it is not broken. Raises NotNow, and it stays broken."""
        fault = self._faults[name]
        if name in self._ends and fault.end is not None:
            with _explained():
                fault.end()
            del self._ends[name]

    def end_what_is_over(self) -> None:
        """What cannot be ended now is tried again: what is in its way may be broken for a while too."""
        for name in [name for name, end in self._ends.items() if end < time.monotonic()]:
            try:
                self.end(name)
            except NotNow:
                self._ends[name] = time.monotonic() + _AGAIN_SECONDS

    def end_all(self) -> None:
        """At the stop, the last begun first: what cannot be mended ends with what it was done to."""
        for name in reversed(list(self._ends)):
            with contextlib.suppress(NotNow):
                self.end(name)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except _IN_THE_WAY as error:
        text = f"It cannot be done now: {type(error).__name__}. Mend what else is broken first."
        raise NotNow(text) from error
