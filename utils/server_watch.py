"""Fails calls to MongoDB at once while it is down, so that not every thread waits for it.

Beside utils/circuit_breaker.py, since the driver knows better than a count of failures: its monitors tell
whether there is a server, and find it again by themselves.
"""

import threading
import time
from contextlib import suppress
from typing import Any

import structlog
from pymongo import timeout
from pymongo.errors import PyMongoError, ServerSelectionTimeoutError

from utils import metrics

log = structlog.get_logger(__name__)

# An election takes a moment: calls that come so soon wait for its end.
_PATIENCE_SECONDS = 3.0


class ServerWatch:
    """Calls that come in the first 3 s of an outage wait for its end, as the driver has them do; all others
    fail at once. One log line a state change. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: Any = None  # the driver's description of its servers when there was one to write to
        self._missed_since: float | None = None
        self._client: Any = None  # the one that misses its servers
        self._told = False

    def check(self, client: Any) -> None:
        """Raise ServerSelectionTimeoutError if it is known that the call would only wait in vain."""
        description = client.topology_description
        if description is self._seen:
            return
        if description.has_writable_server():
            self._found(description)
        else:
            self._missed(client)

    def is_gone(self, client: Any) -> bool:
        """Whether `check` raises."""
        since = self._missed_since if client is self._client else None
        missed_long = since is not None and time.monotonic() - since > _PATIENCE_SECONDS
        return missed_long and not client.topology_description.has_writable_server()

    def _found(self, description: Any) -> None:
        with self._lock:
            self._seen, self._missed_since = description, None
            back, self._told = self._told, False
        if back:
            log.info("circuit_closed", dependency="mongodb")
            metrics.circuits.labels("mongodb").set(0)

    def _missed(self, client: Any) -> None:
        with self._lock:
            began = self._missed_since is None or client is not self._client
            if began:
                self._missed_since, self._client = time.monotonic(), client
            patient = not self.is_gone(client)
            first = not patient and not self._told
            self._told = self._told or first
        if began:
            _start_monitors(client)
        if patient:
            return
        if first:
            log.warning("circuit_opened", dependency="mongodb", error="no server to write to")
            metrics.circuits.labels("mongodb").set(1)
        raise ServerSelectionTimeoutError("MongoDB has been down for a while")


def _start_monitors(client: Any) -> None:
    """They start with the first call that asks for a server: let there be one, which waits half a second at
    most (so often the driver looks at the time)."""
    with suppress(PyMongoError), timeout(0.01):
        client.admin.command("ping")
