"""A steady rate for calls to something that allows only so many a second."""

import threading
import time


class RateLimiter:
    """Gives out slots `1 / per_second` apart. Thread-safe."""

    def __init__(self, per_second: float, patience: float = 0.1) -> None:
        self._gap = 1 / per_second
        self._patience = patience
        self._lock = threading.Lock()
        self._next_slot = 0.0
        self._next_return = 0.0

    def acquire(self) -> float:
        """Take a slot, waiting up to `patience` seconds for it: returns 0. Or take none and return the
        seconds after which to ask again; those who are sent away are told times a slot apart."""
        with self._lock:
            now = time.monotonic()
            slot = max(now, self._next_slot)
            if slot - now > self._patience:
                self._next_return = max(slot, self._next_return + self._gap)
                return self._next_return - now
            self._next_slot = slot + self._gap
        time.sleep(slot - now)
        return 0.0
