"""A pool of threads for work on orders."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import structlog
from flask import Flask
from pymongo.errors import ServerSelectionTimeoutError

from utils.logs import fields_of

log = structlog.get_logger(__name__)


def nothing() -> None:
    """Nothing is left to do."""


class ThreadPool:
    """Runs functions within the app's context; their log lines carry what was bound where they came from."""

    def __init__(self, app: Flask, count: int, name: str) -> None:
        self._app = app
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)

    def submit(
        self, function: Callable[[Any], None], argument: Any, then: Callable[[], None] = nothing
    ) -> None:
        """Run the function on a thread, and `then` afterwards, whatever came of it."""
        bound = structlog.contextvars.get_contextvars()
        future = self._pool.submit(self._in_context, bound, function, argument)
        future.add_done_callback(lambda done: _finished(then, done))

    def finish(self) -> None:
        """Wait for all that was submitted."""
        self._pool.shutdown(wait=True)

    def _in_context(self, bound: dict[str, Any], function: Callable[[Any], None], argument: Any) -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(**bound)
        with self._app.app_context():
            function(argument)


def _finished(then: Callable[[], None], future: "Future[None]") -> None:
    then()
    error = future.exception()
    # The order is safe: its message comes again, and the sweeper looks at it too. That MongoDB is down is
    # logged once, by utils/server_watch.py.
    if error is not None and not isinstance(error, ServerSelectionTimeoutError):
        log.error("order_left_to_the_sweep", **fields_of(error))
