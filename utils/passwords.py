"""Password hashes: bcrypt, as the Node app writes and reads them (`$2b$10$...`).

bcrypt reads 72 bytes. bcryptjs cut longer passwords silently, so a longer one is cut here too when it is
compared (bcrypt 5 would raise); new ones are refused by the schema.
"""

import secrets
from functools import cache

import bcrypt

MAX_BYTES = 72


def hash_password(password: str, cost: int) -> str:
    """Hash a password. Cost 12 takes about 250 ms and releases the GIL."""
    return bcrypt.hashpw(_cut(password), bcrypt.gensalt(cost)).decode()


def check_password(password: str, hashed: str | None, cost: int) -> bool:
    """Compare a password with a hash, or with nothing at all, in the same time.

    A failure costs one hash of `cost`, whether the account is unknown or its hash is of a weaker cost:
    a hash of cost c takes 2**c rounds, and 2**c + 2**c + 2**(c+1) + ... + 2**(cost-1) == 2**cost.
    """
    if hashed is None:
        bcrypt.checkpw(_cut(password), _decoy(cost))
        return False
    try:
        matches = bcrypt.checkpw(_cut(password), hashed.encode())
    except ValueError:  # not a bcrypt hash: damaged data must not become a 500
        return check_password(password, None, cost)
    if not matches:
        for step in range(cost_of(hashed), cost):
            bcrypt.checkpw(_cut(password), _decoy(step))
    return matches


def cost_of(hashed: str) -> int:
    """The cost written in a bcrypt hash, such as 10 in `$2b$10$...`."""
    return int(hashed.split("$")[2])


@cache
def _decoy(cost: int) -> bytes:
    """A hash that no password is known for: a fresh salt and 31 random characters of digest."""
    return bcrypt.gensalt(cost) + secrets.token_hex(16)[:31].encode()


def _cut(password: str) -> bytes:
    return password.encode()[:MAX_BYTES]
