"""Password hashes: bcrypt, as the Node app writes and reads them (`$2b$10$...`).

A hash takes a processor for a quarter of a second, so few are made at once, and none on the thread that
serves all other requests: under gunicorn (gevent) they go to its thread pool. bcrypt releases the GIL there.

bcrypt reads 72 bytes. bcryptjs cut longer passwords silently, so a longer one is cut here too when it is
compared (bcrypt 5 would raise); new ones are refused by the schema.
"""

import os
import secrets
import threading
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import bcrypt
from gevent import get_hub, monkey

from utils import errors

T = TypeVar("T")

MAX_BYTES = 72
# Two processes share a machine's processors.
AT_ONCE = max(1, (os.cpu_count() or 1) // 2)
PATIENCE_SECONDS = 5.0

_turns = threading.BoundedSemaphore(AT_ONCE)


def hash_password(password: str, cost: int) -> str:
    """Hash a password; cost 12 takes 250 ms. Raises ServiceUnavailable when too many want it at once."""
    return _in_turn(lambda: bcrypt.hashpw(_cut(password), bcrypt.gensalt(cost)).decode())


def check_password(password: str, hashed: str | None, cost: int) -> bool:
    """Compare a password with a hash, or with nothing at all, in the same time.

    A failure costs one hash of `cost`, whether the account is unknown or its hash is of a weaker cost:
    a hash of cost c takes 2**c rounds, and 2**c + 2**c + 2**(c+1) + ... + 2**(cost-1) == 2**cost.
    Raises ServiceUnavailable when too many want it at once.
    """
    return _in_turn(lambda: _check(password, hashed, cost))


def _check(password: str, hashed: str | None, cost: int) -> bool:
    if hashed is None:
        bcrypt.checkpw(_cut(password), _decoy(cost))
        return False
    try:
        matches = bcrypt.checkpw(_cut(password), hashed.encode())
    except ValueError:  # not a bcrypt hash: damaged data must not become a 500
        return _check(password, None, cost)
    if not matches:
        for step in range(cost_of(hashed), cost):
            bcrypt.checkpw(_cut(password), _decoy(step))
    return matches


def cost_of(hashed: str) -> int:
    """The cost written in a bcrypt hash, such as 10 in `$2b$10$...`."""
    return int(hashed.split("$")[2])


def _in_turn(work: Callable[[], T]) -> T:
    """Wait for a turn and do the work, on a thread that no request waits for."""
    if not _turns.acquire(timeout=PATIENCE_SECONDS):
        raise errors.ServiceUnavailable("Too many log in at this moment. Send the same request again.")
    try:
        return _off_the_loop(work)
    finally:
        _turns.release()


def _off_the_loop(work: Callable[[], T]) -> T:
    if not monkey.is_module_patched("threading"):  # the worker and commands: threads are threads there
        return work()
    done: T = get_hub().threadpool.apply(work)
    return done


@cache
def _decoy(cost: int) -> bytes:
    """A hash that no password is known for: a fresh salt and 31 random characters of digest."""
    return bcrypt.gensalt(cost) + secrets.token_hex(16)[:31].encode()


def _cut(password: str) -> bytes:
    return password.encode()[:MAX_BYTES]
