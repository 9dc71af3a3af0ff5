"""The fake SES with modes: what it does to all mails until it is told otherwise."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from tests.support.fake_ses import FakeSes

_TAKEN = " but taken"

# Each is what a request may come to; "but taken" is a mail that SES accepted all the same.
MODES = {
    "well": ["accepted"],
    "500": ["500", "500" + _TAKEN, "accepted"],
    "reset": ["reset", "lost", "accepted"],
    "hang": ["hang", "hang" + _TAKEN, "accepted"],
    "throttle": ["throttled", "too many requests", "accepted"],
}


class FaultySes(FakeSes):
    """What a test plans comes first; then the mode decides, and above `rate` mails a second it throttles.

    `record` is its own account of each request: `{at, to, subject, text, taken, answer}`, for the checker.
    """

    def __init__(self, seed: int = 0, rate: int = 1000) -> None:
        super().__init__()
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.mode = "well"
        self.rate = rate
        self.record: list[dict[str, Any]] = []
        self._random = random.Random(seed)
        self._choosing = threading.Lock()
        self._accepted_at: deque[float] = deque()

    def take(self, form: dict[str, list[str]]) -> tuple[str, int]:
        with self._choosing:
            outcome = self._planned.popleft() if self._planned else self._choose()
            name = outcome.removesuffix(_TAKEN)
            taken = outcome != name
            self._planned.appendleft("accepted" if taken else name)
            before = len(self.mails)
            _, number = super().take(form)
            self.record.append({**_asked(form), "taken": len(self.mails) > before, "answer": name})
        return name, number

    def forget(self) -> None:
        super().forget()
        self.record.clear()

    def order_ids(self) -> list[str]:
        """Of each mail that was accepted, the order it is about."""
        return [mail.subject.split()[1] for mail in self.mails]

    def _choose(self) -> str:
        now = time.monotonic()
        while self._accepted_at and self._accepted_at[0] < now - 1:
            self._accepted_at.popleft()
        if len(self._accepted_at) >= self.rate:
            return "throttled"
        self._accepted_at.append(now)
        return self._random.choice(MODES[self.mode])


def _asked(form: dict[str, list[str]]) -> dict[str, Any]:
    """What was to be sent, and to whom: copies too."""
    return {
        "at": time.time(),
        "to": [address for name in form if name.startswith("Destination.") for address in form[name]],
        "subject": form["Message.Subject.Data"][0],
        "text": form["Message.Body.Text.Data"][0],
    }


def in_mode(ses: FaultySes, mode: str) -> Callable[[], None]:
    """A fault to begin: from then on SES is in that mode."""

    def begin() -> None:
        ses.mode = mode

    return begin
