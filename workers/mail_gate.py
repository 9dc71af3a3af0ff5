"""How many mails may be on their way to SES, and how fast: what the account allows, and less while SES balks.

Additive increase, multiplicative decrease, as TCP does it (RFC 5681): the rate at which SES throttles
today is not known, nor is the outcome of a mail that hangs for 10 s. So each mail that SES
does not take makes the next ones rarer, down to one in 30 s, and each that it takes a little more frequent.
While the account is at fault there is no use in more than that one.

Own code: botocore's adaptive mode slows down too, but tries again by itself, which a mail must not; and
pyrate-limiter keeps to a rate that is known before.
"""

import threading
import time
from enum import Enum

import structlog

log = structlog.get_logger(__name__)

_SLOWEST = 1 / 30  # mails a second: as often SES is tried while it takes none
_MOMENT_SECONDS = 0.1


class Outcome(Enum):
    """What sending came to, as far as the gate cares."""

    TAKEN = "taken"
    THROTTLED = "throttled"
    FAILED = "failed"
    HELD = "held"
    NOT_ASKED = "not asked"


_FASTER_BY = 0.1
_SLOWER_BY = {Outcome.THROTTLED: 0.7, Outcome.FAILED: 0.5, Outcome.HELD: 0}


class MailGate:
    """Gives out `places` at once, and slots `1 / rate` seconds apart. Thread-safe.

    One log line when it gets slower than `per_second`, and one when it is back there.
    """

    def __init__(self, per_second: float, places: int) -> None:
        self._most = self._rate = per_second
        self._least = min(per_second, _SLOWEST)
        self._places = places
        self._next_slot = 0.0
        self._waiting = 0
        self._moved = threading.Condition()

    def try_enter(self) -> bool:
        """Take a place and a slot if there are both in a moment, and no other thread has waited longer."""
        return not self._waiting and self.enter(_MOMENT_SECONDS)

    def enter(self, patience: float) -> bool:
        """Take a place and a slot, waiting up to `patience` seconds for them."""
        deadline = time.monotonic() + patience
        with self._moved:
            self._waiting += 1
            try:
                while not self._enter():
                    now = time.monotonic()
                    if now >= deadline:
                        return False
                    until = min(deadline, self._next_slot) if self._places else deadline
                    self._moved.wait(max(until - now, 0))
                return True
            finally:
                self._waiting -= 1

    def leave(self, outcome: Outcome, fault: str = "") -> None:
        """Give the place back, with what came of the mail."""
        with self._moved:
            self._places += 1
            before, self._rate = self._rate, self._rate_after(outcome)
            self._moved.notify()
        if before == self._most > self._rate:
            log.warning("mails_slowed_down", reason=fault)
        elif before < self._most == self._rate:
            log.info("mails_at_full_rate")

    def _enter(self) -> bool:
        now = time.monotonic()
        if not self._places or now < self._next_slot:
            return False
        self._places -= 1
        self._next_slot = now + 1 / self._rate
        return True

    def _rate_after(self, outcome: Outcome) -> float:
        if outcome is Outcome.TAKEN:
            return min(self._rate + _FASTER_BY, self._most)
        return max(self._rate * _SLOWER_BY.get(outcome, 1), self._least)
