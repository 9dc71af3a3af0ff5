"""Threads for business steps, and the leases of those that run.

A step may hang for ever, and a thread cannot be killed. So a step has a thread of this pool or none; past its
limit it is given up: its attempt has failed, its lease is not renewed, its thread is lost until it returns.
When all are lost the worker ends, to be started again (order_worker.py).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from models import order_step
from models.documents import Order
from utils import clock

log = structlog.get_logger(__name__)

# (function, argument, what to do afterwards whatever came of it)
Submit = Callable[[Callable[[Order], None], Order, Callable[[], None]], Any]


@dataclass(eq=False)
class _Running:
    """A step that runs, under the claim that `order` was read with."""

    order: Order
    give_up: Callable[[Order], None]
    renew_at: datetime
    ends_at: datetime
    given_up: bool = False
    lost: bool = False


class StepThreads:
    """Gives out as many places as there are threads, and keeps the leases. Thread-safe."""

    def __init__(self, submit: Submit, threads: int, lease_seconds: float, limit_seconds: float) -> None:
        self.lease_seconds = lease_seconds
        self._submit, self._limit_seconds = submit, limit_seconds
        self._threads = self._free = threads
        self._waiting = 0
        self._running: list[_Running] = []
        self._stopping = False
        self._moved = threading.Condition()
        self._left = threading.Event()

    def take(self, patient: bool) -> bool:
        """Take a place that no other thread waits for, if there is one; `patient` waits, until the stop."""
        with self._moved:
            if patient:
                self._waiting += 1
                self._moved.wait_for(lambda: self._stopping or self._free)
                self._waiting -= 1
            if self._stopping or not self._free or (self._waiting and not patient):
                return False
            self._free -= 1
            return True

    def run(self, function: Callable[[Order], None], order: Order) -> None:
        """Run it on the thread whose place was taken."""
        self._submit(function, order, self._give_back)

    @contextmanager
    def kept(self, order: Order, give_up: Callable[[Order], None]) -> Iterator[None]:
        """While this lasts the lease of a claimed order is renewed; past the limit `give_up` is called."""
        renew_at = clock.after(self.lease_seconds / 3)
        running = _Running(order, give_up, renew_at, clock.after(self._limit_seconds))
        with self._moved:
            self._running.append(running)
        try:
            yield
        finally:
            with self._moved:
                self._running.remove(running)
                self._moved.notify_all()

    def keep(self) -> None:
        """Renew what runs, give up what has run too long. One thread does so, several times a lease."""
        with self._moved:
            running = list(self._running)
        for step in running:
            if step.given_up:
                continue
            if clock.now() >= step.ends_at:
                self._give_up(step)
            elif not step.lost and clock.now() >= step.renew_at:
                self._renew(step)

    def all_hang(self) -> bool:
        """Whether no thread is left that could run a step."""
        with self._moved:
            return self._hanging() == self._threads

    def wait(self, seconds: float) -> None:
        """Wait that long, or until something is left to the sweep."""
        self._left.wait(seconds)
        self._left.clear()

    def wake(self) -> None:
        """Let the sweep come round."""
        self._left.set()

    def stop(self) -> None:
        """Give no places any more."""
        with self._moved:
            self._stopping = True
            self._moved.notify_all()
        self.wake()

    def finish(self) -> None:
        """Wait for all that runs, but for what hangs."""
        with self._moved:
            self._moved.wait_for(lambda: self._threads - self._free == self._hanging())

    def _hanging(self) -> int:
        return sum(step.given_up for step in self._running)

    def _give_back(self) -> None:
        with self._moved:
            self._free += 1
            self._moved.notify_all()

    def _give_up(self, step: _Running) -> None:
        with self._moved:
            step.given_up = True
            self._moved.notify_all()
        log.error("step_hangs", order_id=step.order["orderId"], seconds=self._limit_seconds)
        step.give_up(step.order)

    def _renew(self, step: _Running) -> None:
        renewed = order_step.renew_step(step.order, self.lease_seconds)
        step.renew_at = clock.after(self.lease_seconds / 3)
        with self._moved:
            step.lost = renewed is None and step in self._running
        if step.lost:  # this worker stood still for longer than a lease: what it decides now is refused
            log.error("step_lease_lost", order_id=step.order["orderId"])
