"""Users. Port of models/User.js: `{email, password, createdAt, updatedAt}`; `role` and `tokenEpoch` are new.

Addresses are compared in lower case. The Node app stored them as typed, so a look-up asks without regard to
case, and a unique index without case keeps twins out, whoever writes. It cannot be made while there are any.
"""

import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId
from marshmallow import ValidationError, validate
from pymongo import DESCENDING, timeout
from pymongo.collation import Collation, CollationStrength
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from config.db import collection
from models.index_spec import Index
from models.schemas import StrictSchema, Text
from utils import clock, errors, passwords

ADMIN = "admin"
# Strength 2 tells letters and accents apart, and not upper from lower case.
WITHOUT_CASE = Collation("en", strength=CollationStrength.SECONDARY)
_FOLDED = "email_folded"
_ASK_AGAIN_SECONDS = 60.0
_AUDIT_SECONDS = 600.0


def check_new_password(value: str) -> None:
    """Raise ValidationError unless the value will do as a new account's password."""
    if len(value) < 8:
        raise ValidationError("Must have at least 8 characters.")
    if len(value.encode()) > passwords.MAX_BYTES:
        raise ValidationError(f"Must have at most {passwords.MAX_BYTES} bytes in UTF-8.")


def check_can_be_mailed(value: str) -> None:
    """Raise ValidationError for an address that SES refuses: SendEmail takes ASCII alone."""
    if not value.isascii():
        raise ValidationError(
            "Must be ASCII: mail cannot be sent to any other address. "
            "A domain such as bücher.example is written xn--bcher-kva.example."
        )


class NewUserSchema(StrictSchema):
    email = Text(required=True, validate=[validate.Length(max=254), check_can_be_mailed, validate.Email()])
    password = Text(required=True, validate=check_new_password)


class CredentialsSchema(StrictSchema):
    """Looser than NewUserSchema: what the Node app let in must still be able to log in."""

    email = Text(required=True, validate=validate.Length(min=1, max=254))
    password = Text(required=True, validate=validate.Length(min=1, max=1000))


class RefreshTokenSchema(StrictSchema):
    refreshToken = Text()


class PasswordChangeSchema(StrictSchema):
    currentPassword = Text(required=True, validate=validate.Length(min=1, max=1000))
    newPassword = Text(required=True, validate=check_new_password)


class PasswordSchema(StrictSchema):
    password = Text(required=True, validate=validate.Length(min=1, max=1000))


def users() -> Collection[dict[str, Any]]:
    return collection("users")


# A Node database may hold addresses that differ in case alone: then the second cannot be made until an
# operator has settled whose the account is, and everybody else is served meanwhile.
INDEXES = (
    Index(("email",), {"unique": True}, vital=True),
    Index(
        ("email",),
        {"name": _FOLDED, "unique": True, "collation": WITHOUT_CASE.document},
    ),
)


def insert(email: str, password_hash: str) -> ObjectId:
    """Add a user. Raises EmailTaken."""
    now = clock.now()
    user = {"email": email.lower(), "password": password_hash, "createdAt": now, "updatedAt": now}
    try:
        inserted: ObjectId = users().insert_one(user).inserted_id
    except DuplicateKeyError as error:
        raise errors.EmailTaken from error
    return inserted


def find(user_id: ObjectId) -> dict[str, Any] | None:
    return users().find_one({"_id": user_id})


def find_by_email(email: str) -> dict[str, Any] | None:
    """The user with this address, without regard to case. Of twins, the one spelt so, else the oldest.

    One question while the index without case is there: it takes as long whether there is such a user or not.
    Without it that question reads all users, so the usual spellings are asked for first.
    """
    if not _folded.is_there():
        usual = list(users().find({"email": {"$in": [email, email.lower()]}}))
        if usual:
            return _spelt_best(usual, email)
    # The collation takes more for equal than case: characters that have no width, for one.
    found = users().find({"email": email}, collation=WITHOUT_CASE)
    return _spelt_best([user for user in found if str(user["email"]).lower() == email.lower()], email)


def _spelt_best(found: list[dict[str, Any]], email: str) -> dict[str, Any] | None:
    """Exact spelling first, then lower case, then the first who came."""
    ranks = [email, email.lower()]
    found.sort(key=lambda user: str(user["_id"]))
    return min(found, key=lambda u: ranks.index(u["email"]) if u["email"] in ranks else 2, default=None)


class _FoldedIndex:
    """Whether the index without case is there: asked until it is, once a minute. Either answer is correct."""

    def __init__(self) -> None:
        self._there, self._ask_at = False, 0.0

    def is_there(self) -> bool:
        if not self._there and time.monotonic() >= self._ask_at:
            self._there = _FOLDED in users().index_information()
            self._ask_at = time.monotonic() + _ASK_AGAIN_SECONDS
        return self._there


_folded = _FoldedIndex()


def find_twins() -> list[list[ObjectId]]:
    """The ids of users whose addresses differ in case alone, those of one address together.

    Nobody has a twin once the index without case is there, so then nothing is read.
    """
    if _FOLDED in users().index_information():
        return []
    texts = {"$match": {"email": {"$type": "string"}}}
    together = {"$group": {"_id": "$email", "ids": {"$push": "$_id"}, "count": {"$sum": 1}}}
    twins = {"$match": {"count": {"$gt": 1}}}
    with timeout(_AUDIT_SECONDS):
        found = users().aggregate([texts, together, twins], collation=WITHOUT_CASE, allowDiskUse=True)
        return [row["ids"] for row in found]


def hash_of(user: Mapping[str, Any] | None) -> str | None:
    """The hash of a user's password; None without a user, or when another program wrote none."""
    hashed = user.get("password") if user else None
    return hashed if isinstance(hashed, str) else None


def email_of(user_id: ObjectId) -> str | None:
    """A user's address, or None when there is no such user."""
    user = users().find_one({"_id": user_id}, {"email": 1}) or {}
    email = user.get("email")
    return email if isinstance(email, str) else None


def emails_of(user_ids: Iterable[Any]) -> dict[Any, str]:
    """The addresses of those users that exist and have one, by id."""
    found = users().find({"_id": {"$in": list(user_ids)}}, {"email": 1})
    return {user["_id"]: user["email"] for user in found if isinstance(user.get("email"), str)}


def find_latest(limit: int, part: str | None = None) -> list[dict[str, Any]]:
    """Up to `limit` users, newest first, without what is secret; those with `part` in their address."""
    wanted = {"email": {"$regex": re.escape(part), "$options": "i"}} if part else {}
    shown = {"email": 1, "role": 1, "createdAt": 1, "updatedAt": 1}
    return list(users().find(wanted, shown).sort("_id", DESCENDING).limit(limit))


def is_admin(user_id: ObjectId) -> bool:
    """Asked of the database each time, so that a demotion holds at once."""
    user = users().find_one({"_id": user_id}, {"role": 1})
    return user is not None and user.get("role") == ADMIN


def replace_hash(user: dict[str, Any], password_hash: str) -> None:
    """Store a stronger hash, unless the password was changed meanwhile."""
    users().update_one(
        {"_id": user["_id"], "password": user["password"]},
        {"$set": {"password": password_hash, "updatedAt": clock.now()}},
    )


def change_password(user: dict[str, Any], password_hash: str) -> bool:
    """Set another password, unless that was done meanwhile: False then.

    In the same update the refresh tokens of all logins so far become worthless (see `token_epoch`): that
    their families are deleted afterwards only tidies up.
    """
    changed = users().update_one(
        {"_id": user["_id"], "password": user["password"]},
        {
            "$set": {"password": password_hash, "updatedAt": clock.now()},
            "$inc": {"tokenEpoch": 1},
        },
    )
    return changed.matched_count == 1


def delete(user: dict[str, Any]) -> bool:
    """Delete a user, unless the password was changed meanwhile: False then."""
    seen = {"_id": user["_id"], "password": user["password"]}
    return users().delete_one(seen).deleted_count == 1


def token_epoch(user: dict[str, Any]) -> int:
    """How often all logins of the user were ended. A login of an earlier epoch is over."""
    epoch = user.get("tokenEpoch")
    return epoch if isinstance(epoch, int) else 0


def to_json(user: dict[str, Any]) -> dict[str, Any]:
    """What users see of their own account. The Node app's may lack `createdAt`; its id was made then, too."""
    view = {
        "userId": user["_id"],
        "email": user["email"],
        "createdAt": user.get("createdAt") or user["_id"].generation_time,
    }
    return {**view, "role": user["role"]} if user.get("role") else view


def promote(email: str) -> bool:
    """Make a user an admin. False when there is no such user."""
    user = find_by_email(email)
    if user is None:
        return False
    users().update_one({"_id": user["_id"]}, {"$set": {"role": ADMIN, "updatedAt": clock.now()}})
    return True


def demote(email: str) -> bool:
    """Make an admin a user like all others. False when there is no such user."""
    user = find_by_email(email)
    if user is None:
        return False
    users().update_one({"_id": user["_id"]}, {"$unset": {"role": ""}, "$set": {"updatedAt": clock.now()}})
    return True
