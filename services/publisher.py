"""Rings for accepted orders from a thread of its own, so that no client waits for SQS.

That a ring is lost (SQS down, process killed) costs latency and nothing else: the sweeper finds the order.
"""

import atexit
import queue
import threading
import time

import structlog
from flask import Flask, current_app

from services.aws_queue_service import MAX_BATCH, QueueError, Ring, send_rings
from utils.circuit_breaker import CircuitBreaker, CircuitOpen

log = structlog.get_logger(__name__)

LAST_CHANCE_SECONDS = 6.0  # at the end of the process; gunicorn gives it 25 s for all


class Publisher:
    """Sends rings in batches of up to 10. The thread starts with the first ring, so after any fork."""

    def __init__(self, app: Flask, capacity: int = 10_000) -> None:
        self._app = app
        self._waiting: queue.Queue[Ring] = queue.Queue(capacity)
        self._breaker = CircuitBreaker("sqs", (QueueError,))
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def ring(self, order_id: str, request_id: str) -> None:
        """Have a worker look at the order soon. Never waits, never raises."""
        try:
            self._waiting.put_nowait(Ring(order_id, request_id))
        except queue.Full:  # SQS has been down for long; the sweeper does the work meanwhile
            return
        if self._thread is None:
            self._start()

    def drain(self, seconds: float) -> None:
        """Give what still waits a last chance to be sent, before the process ends."""
        deadline = time.monotonic() + seconds
        while self._waiting.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.02)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
                self._thread.start()
                atexit.register(self.drain, LAST_CHANCE_SECONDS)

    def _run(self) -> None:
        with self._app.app_context():
            while True:
                batch = self._next_batch()
                try:
                    self._breaker.call(send_rings, batch)
                except (QueueError, CircuitOpen):
                    pass  # the breaker logs the change of state; the sweeper finds the orders
                except Exception as error:
                    log.exception("publisher_error", error=type(error).__name__)
                for _ in batch:
                    self._waiting.task_done()

    def _next_batch(self) -> list[Ring]:
        batch = [self._waiting.get()]
        while len(batch) < MAX_BATCH:
            try:
                batch.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return batch


def init_app(app: Flask) -> None:
    app.extensions["publisher"] = Publisher(app)


def ring(order_id: str, request_id: str) -> None:
    """Ring for an order through this app's publisher."""
    publisher: Publisher = current_app.extensions["publisher"]
    publisher.ring(order_id, request_id)
