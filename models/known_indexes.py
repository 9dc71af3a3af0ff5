"""Which indexes the database has, remembered for a while: some code does otherwise where one is missing."""

import time
from typing import Any, Final, NamedTuple

from pymongo.collection import Collection

from models.index_spec import Index

GOOD_FOR_SECONDS: Final = 30.0


class _Answer(NamedTuple):
    there: bool
    until: float


class KnownIndexes:
    """What one process knows. Thread-safe: two that ask at once learn the same."""

    def __init__(self) -> None:
        self._answers: dict[str, _Answer] = {}

    def has(self, collection: Collection[Any], index: Index, bad_for_seconds: float = 0.0) -> bool:
        """Whether the index is there. A yes stands for 30 s, a no for `bad_for_seconds`.

        Raises PyMongoError when MongoDB does not say.
        """
        name = f"{collection.full_name}.{index.name}"
        known = self._answers.get(name)
        asked_at = time.monotonic()
        if known is not None and asked_at < known.until:
            return known.there
        there = look(collection, index)
        self._answers[name] = _Answer(there, asked_at + (GOOD_FOR_SECONDS if there else bad_for_seconds))
        return there


def look(collection: Collection[Any], index: Index) -> bool:
    """Ask the database whether the index is there."""
    return any(index.is_served_by(dict(existing)) for existing in collection.list_indexes())
