"""A database at whose nth write something happens: the process dies, or somebody else comes in between.

It stands where the app's database stands, passes everything on, and counts the writes. Where the process
dies, what really dies is the call under test, by an exception that nothing in the app catches.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from pymongo.errors import AutoReconnect


class Crash(BaseException):
    """The process is gone. Not an Exception: no handler of the app may see it."""


class Stop(NamedTuple):
    """`when` is before, within (of several updates only the first one is written) or after the nth write."""

    when: str
    nth: int

    def __str__(self) -> str:
        return f"{self.when} write {self.nth}"


def stops(writes: int, *when: str) -> list[Stop]:
    """Every place to stop at in a piece of work that makes so many writes."""
    return [Stop(w, n) for n in range(1, writes + 1) for w in when or ("before", "within", "after")]


def die() -> None:
    raise Crash


def lose_connection() -> None:
    """For a process that lives on: whether the write was done, it cannot know."""
    raise AutoReconnect("connection lost, as planned")


class InterruptedDatabase:
    """The real database, and an act at one planned place, or nowhere. `writes` counts what was asked for."""

    def __init__(self, database: Any, stop: Stop | None, act: Callable[[], object]) -> None:
        self._database, self._stop, self._act = database, stop, act
        self.writes = 0

    def __getitem__(self, name: str) -> "_InterruptedCollection":
        return _InterruptedCollection(self, self._database[name])

    def write(self, method: Callable[..., Any], first: Any, *others: Any, **options: Any) -> Any:
        self.writes += 1
        if self._stop is None or self.writes != self._stop.nth:
            return method(first, *others, **options)
        if self._stop.when == "within" and isinstance(first, list):
            method(first[:1], *others, **options)
        if self._stop.when != "after":
            self._act()
            return method(first, *others, **options)
        result = method(first, *others, **options)
        self._act()
        return result


class _InterruptedCollection:
    def __init__(self, database: InterruptedDatabase, collection: Any) -> None:
        self._interrupted, self._collection = database, collection

    def __getattr__(self, name: str) -> Any:
        """Reads go straight to the real collection."""
        return getattr(self._collection, name)

    def insert_one(self, *arguments: Any, **options: Any) -> Any:
        return self._interrupted.write(self._collection.insert_one, *arguments, **options)

    def update_one(self, *arguments: Any, **options: Any) -> Any:
        return self._interrupted.write(self._collection.update_one, *arguments, **options)

    def delete_one(self, *arguments: Any, **options: Any) -> Any:
        return self._interrupted.write(self._collection.delete_one, *arguments, **options)

    def delete_many(self, *arguments: Any, **options: Any) -> Any:
        return self._interrupted.write(self._collection.delete_many, *arguments, **options)

    def bulk_write(self, *arguments: Any, **options: Any) -> Any:
        return self._interrupted.write(self._collection.bulk_write, *arguments, **options)
