"""Order-finished notifications over Redis: the worker publishes them, each API process has one listener.

Clients that wait for an order (`Prefer: wait`) are woken by them; the database is not polled. A waiting
client is a greenlet: hundreds may wait in a process. Where all places are taken or Redis is down, it does not
wait.

Own code: redis-py's `run_in_thread` ends with the first error and does not notice a Redis that hangs.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeout

from config.resources import resources

log = structlog.get_logger(__name__)

_CHANNEL: Final = "orders:ended"
_RECONNECT_SECONDS: Final = 1.0
_CONNECT_SECONDS: Final = 0.25
_QUIET_SECONDS: Final = 2.0  # then Redis is asked whether it is still there


class OrderWaiters:
    """The clients of one process that wait for orders, and the thread that listens for all of them."""

    def __init__(self, redis_address: str, places: int) -> None:
        self._client = Redis.from_url(
            redis_address, socket_connect_timeout=_CONNECT_SECONDS, socket_timeout=10
        )
        self._places = threading.Semaphore(places)
        self._waiting: defaultdict[str, set[threading.Event]] = defaultdict(set)
        self._lock = threading.Lock()
        self._listener: threading.Thread | None = None
        self._connected = threading.Event()

    @contextmanager
    def waiting_for(self, order_id: str) -> Iterator[threading.Event | None]:
        """Take a place to wait for an order: an event that is set when it may have ended. None if all places
        are taken, or no notification would arrive.

        Read the order after taking the place: its end may have been published before. The id may be either of
        the order's, in upper or lower case.
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
        """Whether notifications arrive. The listener starts with the first that waits, so after any fork."""
        with self._lock:
            first = self._listener is None
            if self._listener is None:
                self._listener = threading.Thread(target=self._listen, name="order-waiters", daemon=True)
                self._listener.start()
        return self._connected.wait(2 * _CONNECT_SECONDS if first else 0)

    def _listen(self) -> None:
        while True:
            try:
                self._receive()
            except Exception as error:  # noqa: BLE001 - the thread must go on: it is started once
                if self._connected.is_set():
                    log.warning("notifications_down", error=type(error).__name__)
                self._connected.clear()
                self._wake(None)  # what was published while Redis was down is lost: each reads its order
                threading.Event().wait(_RECONNECT_SECONDS)

    def _receive(self) -> None:
        """Subscribe, and wake the clients of each order that ends. Raises RedisError once Redis is down
        or hangs."""
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
        """Wake the clients that wait for the order, or all."""
        with self._lock:
            for waited_for, events in self._waiting.items():
                if order_id is None or order_id.lower() == waited_for:
                    for event in events:
                        event.set()


def notify_finished(*order_ids: str) -> None:
    """Tell all API processes that an order has ended, by each id that it has. May raise RedisError."""
    for order_id in set(order_ids):  # equal on all orders but those of the Node app
        resources().redis.publish(_CHANNEL, order_id)
