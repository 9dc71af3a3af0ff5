"""Which access tokens have ended before they expire: those of a user who is deleted, of a login that was
ended, and of all logins before a change of the password.

`{_id: subject, at, expiresAt}`, where a subject is what a token names: the user's id as text, the login's
`fam`, or the user's epoch (`of_epoch`). Access tokens are not looked up one by one: each process knows all
subjects that ended, and asks for new ones at most once a second, when a request comes. So a token ends at
once in the process that ended it, and within a second in all others. While MongoDB does not answer, a process
goes by what it knows.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import DESCENDING, timeout
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from config.resources import resources
from models.index_spec import Index
from utils import clock

Ended = dict[str, datetime]

# So far back is asked each time: two hosts' clocks differ, and a write takes time.
_OVERLAP = timedelta(seconds=30)
_SECONDS_BETWEEN_LOOKS = 1.0
_SECONDS_A_LOOK = 0.5
# The Node app's tokens live an hour, whatever is set here; and clocks differ.
_NODE_TOKEN = timedelta(hours=1)
_MARGIN = timedelta(minutes=1)
# Some 20 MB. Of more, those are forgotten whose tokens expire first.
MAX_KNOWN = 100_000


def ended_tokens() -> Collection[dict[str, Any]]:
    return resources().mongodb.collection("endedtokens")


INDEXES = (
    Index(("expiresAt",), {"expireAfterSeconds": 0}),
    Index(("at",)),
)


def find_ended(since: datetime | None) -> Ended:
    """The subjects that ended since then, or ever, and when the last of their tokens expires."""
    wanted: dict[str, Any] = {"expiresAt": {"$gt": clock.now()}}
    if since is not None:
        wanted["at"] = {"$gte": since}
    found = ended_tokens().find(wanted).sort("expiresAt", DESCENDING).limit(MAX_KNOWN)
    return {document["_id"]: document["expiresAt"] for document in found}


class EndedTokens:
    """What one process knows. Thread-safe. A look at the database holds up who makes it, for half a second at
    most, and no other request, once there was a first one."""

    def __init__(self, find: Callable[[datetime | None], Ended] = find_ended) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._known: Ended = {}
        self._looked_at: datetime | None = None
        self._next_look = 0.0

    def __contains__(self, subject: str) -> bool:
        first = self._looked_at is None  # no token is taken before one look has succeeded or failed
        due = first or time.monotonic() >= self._next_look
        if due and self._lock.acquire(blocking=first):
            try:
                self._look_if_due()
            finally:
                self._lock.release()
        return subject in self._known

    def add(self, subject: str, expires_at: datetime) -> None:
        with self._lock:
            self._known[subject] = expires_at

    def _look_if_due(self) -> None:
        if time.monotonic() < self._next_look:  # another thread has just looked
            return
        self._next_look = time.monotonic() + _SECONDS_BETWEEN_LOOKS
        now = clock.now()
        try:
            with timeout(_SECONDS_A_LOOK):
                new = self._find(None if self._looked_at is None else self._looked_at - _OVERLAP)
        except PyMongoError:  # logged by utils/server_watch.py
            return
        self._looked_at = now
        live = {subject: end for subject, end in {**self._known, **new}.items() if end > now}
        if len(live) > MAX_KNOWN:
            live = dict(sorted(live.items(), key=lambda item: item[1])[-MAX_KNOWN:])
        self._known = live


def have_ended(subject: str) -> bool:
    """Whether access tokens of the subject are no good any more."""
    return subject in resources().ended_tokens


def of_epoch(user_id: ObjectId, epoch: int) -> str:
    """The subject that all logins of a user share which are of that epoch."""
    return f"{user_id}.{epoch}"


def end(subject: str) -> None:
    """End all access tokens of a subject."""
    now = clock.now()
    lives = timedelta(seconds=resources().settings.access_token_seconds)
    expires_at = now + max(lives, _NODE_TOKEN) + _MARGIN
    ended_tokens().update_one({"_id": subject}, {"$set": {"at": now, "expiresAt": expires_at}}, upsert=True)
    resources().ended_tokens.add(subject, expires_at)
