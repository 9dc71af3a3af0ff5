"""Waiting for orders to end: the worker announces the end over Redis, and each API process has one listener.

Nobody polls the database. A waiting client is a greenlet: hundreds may wait in a process. Who finds no place,
or finds Redis down, does not wait.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from flask import Flask, current_app
from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeout

from config.settings import Settings

log = structlog.get_logger(__name__)

_CHANNEL = "orders:ended"
_RECONNECT_SECONDS = 1.0
_CONNECT_SECONDS = 0.25
_QUIET_SECONDS = 2.0  # then Redis is asked whether it is still there


class OrderBell:
    """The waiting places of one process, and the thread that listens for all of them."""

    def __init__(self, settings: Settings) -> None:
        self._client = Redis.from_url(
            settings.redis_address, socket_connect_timeout=_CONNECT_SECONDS, socket_timeout=10
        )
        self._places = threading.Semaphore(settings.max_waiters)
        self._waiting: defaultdict[str, set[threading.Event]] = defaultdict(set)
        self._lock = threading.Lock()
        self._listener: threading.Thread | None = None
        self._connected = threading.Event()

    @contextmanager
    def place(self, order_id: str) -> Iterator[threading.Event | None]:
        """A place to wait for an order: an event that is set when it may have ended. None if there is none.

        Look at the order after taking the place: its end may have been announced before. The id may be
        either of the order's, in upper or lower case.
        """
        order_id = order_id.lower()
        if not self._listening() or not self._places.acquire(blocking=False):
            yield None
            return
        event = threading.Event()
        with self._lock:
            self._waiting[order_id].add(event)
        try:
            yield event
        finally:
            with self._lock:
                self._waiting[order_id].discard(event)
                if not self._waiting[order_id]:
                    del self._waiting[order_id]
            self._places.release()

    def _listening(self) -> bool:
        """Whether announcements arrive. The listener starts with the first who asks, so after any fork."""
        with self._lock:
            if self._listener is None:
                self._listener = threading.Thread(target=self._listen, name="order-bell", daemon=True)
                self._listener.start()
                first = True
            else:
                first = False
        return self._connected.wait(2 * _CONNECT_SECONDS if first else 0)

    def _listen(self) -> None:
        while True:
            try:
                self._hear()
            except Exception as error:  # noqa: BLE001 - nobody would start this thread again
                if self._connected.is_set():
                    log.warning("order_bell_down", error=type(error).__name__)
                self._connected.clear()
                self._wake(None)  # what was announced meanwhile is lost: look for yourselves
                threading.Event().wait(_RECONNECT_SECONDS)

    def _hear(self) -> None:
        """Subscribe, and hand on what is announced. Raises RedisError once Redis is gone or hangs."""
        with self._client.pubsub() as subscription:  # type: ignore[no-untyped-call]
            subscription.subscribe(_CHANNEL)
            asked = False
            while True:
                message = subscription.get_message(timeout=_QUIET_SECONDS)
                if message is None:
                    if asked:
                        raise RedisTimeout("no answer to a ping")
                    subscription.ping()
                    asked = True
                    continue
                asked = False
                if message["type"] == "subscribe":
                    self._connected.set()
                elif message["type"] == "message":
                    self._wake(message["data"].decode(errors="replace"))

    def _wake(self, order_id: str | None) -> None:
        """Wake those who wait for the order, or everybody."""
        with self._lock:
            for waited_for, events in self._waiting.items():
                if order_id is None or order_id.lower() == waited_for:
                    for event in events:
                        event.set()


def init_app(app: Flask, settings: Settings) -> None:
    app.extensions["order_bell"] = OrderBell(settings)


def bell() -> OrderBell:
    """This app's bell."""
    order_bell: OrderBell = current_app.extensions["order_bell"]
    return order_bell


def announce(*order_ids: str) -> None:
    """Tell all API processes that an order has ended, by each id that it has. May raise RedisError."""
    for order_id in set(order_ids):  # equal on all orders but those of the Node app
        current_app.extensions["redis"].publish(_CHANNEL, order_id)
