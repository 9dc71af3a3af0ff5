"""The polling half of the worker: long polling, a thread pool, deletion in batches, a graceful stop.

Port of the loop of workers/orderWorker.js, which took one message every 5 s and deleted none.
"""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

import structlog
from flask import Flask

from config.resources import resources
from models.documents import Order
from models.order import find, find_due
from services import aws_queue_service
from services.aws_queue_service import MAX_BATCH, Message, QueueError
from workers.sweeper import Find, sweep
from workers.thread_pool import ThreadPool

log = structlog.get_logger(__name__)

Advance = Callable[..., None]  # (order, due=False)

_DELETE_EVERY_SECONDS = 0.1
_PAUSE_SECONDS = 1.0


class Consumer:
    """Advances orders on as many threads as it is given, for a message or for the sweeper."""

    def __init__(
        self, app: Flask, advance: Advance, threads: int, stop: threading.Event, find: Find = find_due
    ) -> None:
        """Once `stop` is set no further work is taken; what runs is finished, see `finish`. `find` gives the
        orders to sweep."""
        self._app = app
        self._advance = advance
        self._find = find
        self._threads = ThreadPool(app, threads, "advance")
        # Two counts: an open receive may hold all of the first for 20 s; the sweeper must not wait for it.
        self._free = threading.Semaphore(threads)
        self._free_to_sweep = threading.Semaphore(threads)
        self._finished: SimpleQueue[Message] = SimpleQueue()
        self._stop = stop
        self._queue_is_up = True

    def poll(self) -> None:
        """Receive and hand out messages until the stop. Gives back what it then has not begun."""
        with self._app.app_context():
            while not self._stop.is_set():
                # A message that is received in vain 5 times is a dead letter.
                if resources().mongodb.is_gone():
                    self._stop.wait(_PAUSE_SECONDS)
                    continue
                taken = self._take_free_threads()
                messages = self._receive(taken) if taken else []
                if self._stop.is_set() and messages:
                    self._give_back(messages)
                    messages = []
                for message in messages:
                    self._threads.submit(self._handle, message, self._free.release)
                for _ in range(taken - len(messages)):
                    self._free.release()

    def sweep(self) -> int:
        """Advance all orders that are due, but for their mails. Returns how many were begun."""
        return sweep(self._sweep_one, self._stop.is_set, self._find)

    def delete_finished(self) -> None:
        """Delete messages as they are finished, in batches, until the stop; `finish` deletes the rest."""
        with self._app.app_context():
            while not self._stop.wait(_DELETE_EVERY_SECONDS):
                self._delete_batches()

    def finish(self) -> None:
        """Wait for what runs, then delete its messages."""
        self._threads.finish()
        with self._app.app_context():
            self._delete_batches()

    def _take_free_threads(self) -> int:
        """Wait for a free thread and take up to 10: a message waits in the queue, not in memory."""
        if not self._free.acquire(timeout=0.5):
            return 0
        taken = 1
        while taken < MAX_BATCH and self._free.acquire(blocking=False):
            taken += 1
        return taken

    def _receive(self, limit: int) -> list[Message]:
        try:
            messages = aws_queue_service.receive(limit)
        except QueueError as error:
            if self._queue_is_up:
                log.warning("queue_down", error=str(error))
            self._queue_is_up = False
            self._stop.wait(_PAUSE_SECONDS)
            return []
        if not self._queue_is_up:
            log.info("queue_up")
        self._queue_is_up = True
        return messages

    def _give_back(self, messages: list[Message]) -> None:
        try:
            aws_queue_service.give_back(messages)
        except QueueError as error:  # they come again after the visibility time-out
            log.warning("messages_not_given_back", count=len(messages), error=str(error))

    def _sweep_one(self, order: Order) -> None:
        self._free_to_sweep.acquire()
        self._threads.submit(self._advance_swept, order, self._free_to_sweep.release)

    def _advance_swept(self, order: Order) -> None:
        self._advance(order, due=True)

    def _handle(self, message: Message) -> None:
        """Advance the order that a message names; what it cannot read is left for the dead-letter queue."""
        structlog.contextvars.bind_contextvars(request_id=message.request_id)
        order = None if message.order_id is None else find(message.order_id)
        if order is None:
            log.error("message_not_understood", message_id=message.message_id)
            return
        self._advance(order)
        self._finished.put(message)

    def _delete_batches(self) -> None:
        while batch := self._next_batch():
            try:
                aws_queue_service.delete(batch)
            except QueueError as error:
                log.warning("messages_not_deleted", count=len(batch), error=str(error))

    def _next_batch(self) -> list[Message]:
        batch: list[Message] = []
        while len(batch) < MAX_BATCH:
            try:
                batch.append(self._finished.get_nowait())
            except Empty:
                break
        return batch
