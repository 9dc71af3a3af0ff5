"""A thread that does one task again and again: a sweep, a look, a sign of life."""

import threading
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask
from pymongo.errors import PyMongoError

log = structlog.get_logger(__name__)


def repeating(
    app: Flask,
    name: str,
    task: Callable[[], Any],
    pause: Callable[[], Any],
    is_over: Callable[[], bool],
) -> threading.Thread:
    """A thread, not yet started, that does `task` in the app's context, then `pause`s, until `is_over`.

    That the task fails is logged, once for an outage of MongoDB, and it is tried again.
    """

    def loop() -> None:
        failing = False
        while not is_over():
            try:
                with app.app_context():
                    task()
                failing = False
            except PyMongoError as error:
                if not failing:
                    log.error(f"{name}_failed", error=type(error).__name__)
                failing = True
            except Exception:
                log.exception(f"{name}_failed")
            pause()

    return threading.Thread(target=loop, name=name, daemon=True)
