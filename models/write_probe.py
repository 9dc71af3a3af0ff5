"""A write that is there to see whether MongoDB takes any: a ping tells nothing of a disk that is full."""

from contextlib import suppress
from typing import Final

from pymongo.errors import DuplicateKeyError

from config.resources import resources
from utils import clock

_ONLY: Final = {"_id": "last-write"}  # all processes write this one document


def write() -> None:
    """Raise PyMongoError unless a write is acknowledged as all others are: journaled, by a majority."""
    with suppress(DuplicateKeyError):  # another process made it at the same moment: writes are taken
        writes = resources().mongodb.collection("readiness")
        writes.update_one(_ONLY, {"$set": {"at": clock.now()}}, upsert=True)
