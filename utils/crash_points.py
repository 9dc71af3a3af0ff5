"""Places where tests end a process as kill -9 does: before and after every write and every call outside.

Inert in production: without CRASH_AT in the environment, the decorator returns the function as it is.
CRASH_AT=before:accept or after:reserve#2 (its second call) names the place; `names` lists them.
"""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

names: list[str] = []
_target = os.environ.get("CRASH_AT", "")
_calls: Counter[str] = Counter()
_lock = threading.Lock()


def crash_point(function: Callable[P, T]) -> Callable[P, T]:
    """Make the function a place to crash at, under its own name."""
    name = function.__name__
    names.append(name)
    if not _target:
        return function

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        _reach(f"before:{name}")
        result = function(*args, **kwargs)
        _reach(f"after:{name}")
        return result

    return wrapped


def _reach(place: str) -> None:
    wanted, _, nth = _target.partition("#")
    if place != wanted:
        return
    with _lock:
        _calls[place] += 1
        if _calls[place] == int(nth or 1):
            os.kill(os.getpid(), signal.SIGKILL)
