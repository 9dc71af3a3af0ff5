"""A circuit breaker: a dependency that is down is asked again now and then, not at every request.

Own code, since pybreaker holds a lock while the guarded call runs (one hung call would queue all threads
behind it), and circuitbreaker lets every waiting call through when its pause is over and logs nothing.
"""

import threading
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import structlog

from utils import metrics

log = structlog.get_logger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


class CircuitOpen(Exception):
    """The dependency failed lately and was not asked."""


class CircuitBreaker:
    """Opens after `failures` errors in a row; then lets one call through every `pause` seconds.

    One log line a state change, not one a call. Thread-safe; nothing is locked while a call runs.
    """

    def __init__(
        self, name: str, counts: tuple[type[Exception], ...], failures: int = 2, pause: float = 2
    ) -> None:
        self.name, self._counts, self._failures, self._pause = name, counts, failures, pause
        self._lock = threading.Lock()
        self._failed = 0
        self._next_try = 0.0

    @property
    def is_open(self) -> bool:
        return self._failed >= self._failures

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function. Raises CircuitOpen without calling it while the circuit is open."""
        self._enter()
        try:
            result = function(*args, **kwargs)
        except self._counts as error:
            self._record_failure(error)
            raise
        self._record_success()
        return result

    def _enter(self) -> None:
        if not self.is_open:
            return
        with self._lock:
            if self.is_open and time.monotonic() < self._next_try:
                raise CircuitOpen(self.name)
            self._next_try = time.monotonic() + self._pause  # this caller is the one probe

    def _record_failure(self, error: Exception) -> None:
        with self._lock:
            was_open = self.is_open
            self._failed += 1
            self._next_try = time.monotonic() + self._pause
        if self.is_open and not was_open:
            log.warning("circuit_opened", dependency=self.name, error=type(error).__name__)
            metrics.circuits.labels(self.name).set(1)

    def _record_success(self) -> None:
        if not self._failed:
            return
        with self._lock:
            was_open, self._failed = self.is_open, 0
        if was_open:
            log.info("circuit_closed", dependency=self.name)
            metrics.circuits.labels(self.name).set(0)
