"""Refresh token families: all refresh tokens that grew out of one login, as one document.

`{_id, userId, epoch, version, tokens: [{jti, expiresAt, spentAt?}], expiresAt}`. One document, so that
rotation and revocation exclude each other: a family revoked while it is being rotated stays revoked. `epoch`
is the user's when the login began: a family that is written after all were revoked is of an earlier one.
The Node app had no refresh; its users' documents have an unused `refreshToken` field.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from bson import ObjectId
from pymongo.collection import Collection

from config.resources import resources
from models.documents import RefreshToken, TokenFamily
from models.index_spec import Index
from utils import clock, errors

# A token shown twice within this time is a double click or a lost answer, not a theft.
GRACE = timedelta(seconds=10)
# So many tokens of a family may be unspent. A login has one, and a few after double clicks.
MAX_LIVE = 5
_RACES = 50


class NewToken(NamedTuple):
    jti: str
    expires_at: datetime


def families() -> Collection[TokenFamily]:
    return resources().mongodb.collection("tokenfamilies")


INDEXES = (
    Index(("expiresAt",), {"expireAfterSeconds": 0}),
    Index(("userId",)),  # to end all of a user's
)


def start(family_id: str, user_id: ObjectId, epoch: int, token: NewToken) -> None:
    """Begin a family with its first token: a login."""
    families().insert_one(
        {
            "_id": family_id,
            "userId": user_id,
            "epoch": epoch,
            "version": 0,
            "tokens": [_live(token)],
            "expiresAt": token.expires_at,
        }
    )


def rotate(family_id: str, epoch: int, jti: str, new: NewToken) -> NewToken | None:
    """Spend a token and return the next one. None when it may not be used: revoked, reused, of another epoch.

    A token that was spent longer ago than GRACE is taken as stolen, and its family is revoked. Until then it
    may be shown again, for MAX_LIVE new ones at most, and after these for the newest there is.
    Raises ServiceUnavailable when others rotate it all the time.
    """
    for _ in range(_RACES):
        family = families().find_one({"_id": family_id})
        if family is None or family.get("epoch", 0) != epoch:
            return None
        tokens = spend(family["tokens"], jti, clock.now())
        if tokens is None:
            revoke(family_id)
            return None
        live = [token for token in tokens if "spentAt" not in token]
        if len(live) >= MAX_LIVE:
            return NewToken(live[-1]["jti"], live[-1]["expiresAt"])
        replaced = families().update_one(
            {"_id": family_id, "version": family["version"]},
            {
                "$set": {"tokens": [*tokens, _live(new)], "expiresAt": new.expires_at},
                "$inc": {"version": 1},
            },
        )
        if replaced.matched_count:
            return new
    raise errors.ServiceUnavailable("Too many requests refresh this login at once. Send it again.")


def spend(tokens: list[RefreshToken], jti: str, now: datetime) -> list[RefreshToken] | None:
    """The tokens of a family after `jti` was shown, or None if it may not be shown any more.

    What is past its grace or its life is left out: a signed token that is not listed was spent long ago.
    """
    kept = [t for t in tokens if t["expiresAt"] > now and t.get("spentAt", now) > now - GRACE]
    if not any(token["jti"] == jti for token in kept):
        return None
    return [{"spentAt": now, **token} if token["jti"] == jti else token for token in kept]


def revoke(family_id: str) -> None:
    """End every token of the family."""
    families().delete_one({"_id": family_id})


def revoke_all(user_id: ObjectId) -> None:
    """End every login of the user."""
    families().delete_many({"userId": user_id})


def _live(token: NewToken) -> RefreshToken:
    return {"jti": token.jti, "expiresAt": token.expires_at}
