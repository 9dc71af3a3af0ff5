"""Tells the worker of accepted orders over SQS, from a thread of its own, so that no client waits for SQS.

With PUBLISH=before_close there is no thread: middleware/queue_messages.py has them sent after each answer.
That a message is lost (SQS down, process killed) costs latency and nothing else: the sweeper finds the order.
"""

import atexit
import queue
import threading
import time
from typing import Final

import structlog
from flask import Flask

from services.aws_queue_service import MAX_BATCH, OrderMessage, QueueError, send_messages
from utils import tracing
from utils.circuit_breaker import CircuitBreaker, CircuitOpen

log = structlog.get_logger(__name__)

LAST_CHANCE_SECONDS: Final = 6.0  # at the end of the process; gunicorn gives it 25 s for all


class QueuePublisher:
    """Sends messages in batches of up to 10. The thread starts with the first one, so after any fork."""

    def __init__(self, app: Flask, in_background: bool = True, capacity: int = 10_000) -> None:
        """`in_background` starts the thread; without it `send_waiting` is to be called."""
        self._app = app
        self._in_background = in_background
        self._waiting: queue.Queue[OrderMessage] = queue.Queue(capacity)
        self._breaker = CircuitBreaker("sqs", (QueueError,))
        self._starting = threading.Lock()
        self._sending = threading.Lock()
        self._started = False

    def publish(self, order_id: str, request_id: str) -> None:
        """Have a worker look at the order soon. Never waits, never raises."""
        try:
            self._waiting.put_nowait(OrderMessage(order_id, request_id, tracing.current()))
        except queue.Full:  # SQS has been down for long; the sweeper does the work until it is back
            return
        if not self._started:
            self._start()

    def has_unsent(self) -> bool:
        """Whether messages wait, or are being sent."""
        return self._waiting.unfinished_tasks > 0

    def send_waiting(self) -> None:
        """Send what waits now, and let what another thread is sending be sent. Never raises."""
        with self._sending, self._app.app_context():
            while batch := self._batch():
                self._send(batch)

    def drain(self, seconds: float) -> None:
        """Give what still waits a last chance to be sent, before the process ends."""
        deadline = time.monotonic() + seconds
        while self._waiting.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.02)

    def _start(self) -> None:
        with self._starting:
            if self._started:
                return
            self._started = True
            if self._in_background:
                threading.Thread(target=self._run, name="publisher", daemon=True).start()
                atexit.register(self.drain, LAST_CHANCE_SECONDS)
            else:
                atexit.register(self.send_waiting)  # of a command, which closes no response

    def _run(self) -> None:
        with self._app.app_context():
            while True:
                first = self._waiting.get()
                self._send([first, *self._batch(MAX_BATCH - 1)])

    def _send(self, batch: list[OrderMessage]) -> None:
        try:
            with tracing.sending("ring", [message.traceparent for message in batch]):
                self._breaker.call(send_messages, batch)
        except (QueueError, CircuitOpen):
            pass  # the breaker logs the change of state; the sweeper finds the orders
        except Exception as error:
            log.exception("publisher_error", error=type(error).__name__)
        for _ in batch:
            self._waiting.task_done()

    def _batch(self, limit: int = MAX_BATCH) -> list[OrderMessage]:
        """Up to so many of those that wait; none when none does."""
        batch: list[OrderMessage] = []
        while len(batch) < limit:
            try:
                batch.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return batch
