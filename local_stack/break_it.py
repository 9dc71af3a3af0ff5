"""What can be broken on purpose in the local stack, to see what clients notice and what mends it.

A fault begins by its name. One that lasts ends by itself after some seconds, or when it is mended.
"""

import contextlib
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

_LASTS_SECONDS: Final = 60.0


class NotNow(Exception):
    """The fault cannot be made; the text says what is missing."""


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
        """`[{name, title, shows, recovers, lasts, secondsLeft}]`; secondsLeft is 0 for what is not broken."""
        now = time.monotonic()
        return [
            {
                "name": fault.name,
                "title": fault.title,
                "shows": fault.shows,
                "recovers": fault.recovers,
                "lasts": fault.end is not None,
                "secondsLeft": max(0, round(self._ends.get(fault.name, now) - now)),
            }
            for fault in self._faults.values()
        ]

    def has(self, name: str) -> bool:
        return name in self._faults

    def begin(self, name: str) -> None:
        """Break it; what is broken already stays so for longer. Raises NotNow."""
        fault = self._faults[name]
        if name not in self._ends:
            fault.begin()
        if fault.end is not None:
            self._ends[name] = time.monotonic() + _LASTS_SECONDS

    def end(self, name: str) -> None:
        """Mend it; nothing if it is not broken."""
        fault = self._faults[name]
        if self._ends.pop(name, None) is not None and fault.end is not None:
            fault.end()

    def end_what_is_over(self) -> None:
        for name in [name for name, end in self._ends.items() if end < time.monotonic()]:
            self.end(name)

    def end_all(self) -> None:
        """At the stop: what cannot be mended any more ends with what it was done to."""
        for name in list(self._ends):
            with contextlib.suppress(Exception):
                self.end(name)
