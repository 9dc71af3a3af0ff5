"""Users. Port of models/User.js: `{email, password, createdAt, updatedAt}`; `role` and `tokenEpoch` are new.

Addresses are compared in lower case. The Node app stored them as typed, so a look-up asks without regard to
case, and a unique index without case keeps twins out, also those that other programs write. It cannot be made
while there are any.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from bson import ObjectId
from pymongo import DESCENDING, timeout
from pymongo.collation import Collation, CollationStrength
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from config.resources import resources
from models.documents import Query, Suppression, User, View
from models.index_spec import Index
from models.known_indexes import look
from utils import clock, errors

ADMIN = "admin"
# Strength 2 tells letters and accents apart, and not upper from lower case.
WITHOUT_CASE = Collation("en", strength=CollationStrength.SECONDARY)
_ASK_AGAIN_SECONDS = 60.0
_AUDIT_SECONDS = 600.0


def users() -> Collection[User]:
    return resources().mongodb.collection("users")


# A Node database may hold addresses that differ in case alone: then the second cannot be made until an
# operator has settled whose the account is; all other users are served all the same.
FOLDED_INDEX = Index(("email",), {"name": "email_folded", "unique": True, "collation": WITHOUT_CASE.document})
INDEXES = (
    Index(("email",), {"unique": True}, vital=True),
    FOLDED_INDEX,
)


def insert(email: str, password_hash: str) -> ObjectId:
    """Add a user. Raises EmailTaken."""
    now = clock.now()
    user: User = {
        "_id": ObjectId(),
        "email": email.lower(),
        "password": password_hash,
        "createdAt": now,
        "updatedAt": now,
    }
    try:
        users().insert_one(user)
    except DuplicateKeyError as error:
        raise errors.EmailTaken from error
    return user["_id"]


def find(user_id: ObjectId) -> User | None:
    return users().find_one({"_id": user_id})


def find_by_email(email: str) -> User | None:
    """The user with this address, without regard to case. Of twins, the one spelt so, else the oldest.

    One question while the index without case is there: it takes as long whether there is such a user or not.
    Without it that question reads all users, so the usual spellings are asked for first.
    """
    if not resources().known_indexes.has(users(), FOLDED_INDEX, _ASK_AGAIN_SECONDS):
        usual = list(users().find({"email": {"$in": [email, email.lower()]}}))
        if usual:
            return _spelt_best(usual, email)
    # The collation takes more for equal than case: characters that have no width, for one.
    found = users().find({"email": email}, collation=WITHOUT_CASE)
    return _spelt_best([user for user in found if str(user["email"]).lower() == email.lower()], email)


def _spelt_best(found: list[User], email: str) -> User | None:
    """Exact spelling first, then lower case, then the first who came."""
    ranks = [email, email.lower()]
    found.sort(key=lambda user: str(user["_id"]))
    return min(found, key=lambda u: ranks.index(u["email"]) if u["email"] in ranks else 2, default=None)


def find_twins() -> list[list[ObjectId]]:
    """The ids of users whose addresses differ in case alone, those of one address together.

    There are no twins once the index without case is there, so then nothing is read.
    """
    if look(users(), FOLDED_INDEX):
        return []
    texts = {"$match": {"email": {"$type": "string"}}}
    together = {"$group": {"_id": "$email", "ids": {"$push": "$_id"}, "count": {"$sum": 1}}}
    twins = {"$match": {"count": {"$gt": 1}}}
    with timeout(_AUDIT_SECONDS):
        found: Iterable[Any] = users().aggregate(
            [texts, together, twins], collation=WITHOUT_CASE, allowDiskUse=True
        )
        return [row["ids"] for row in found]


def hash_of(user: Mapping[str, Any] | None) -> str | None:
    """The hash of a user's password; None without a user, or when another program wrote none."""
    hashed = user.get("password") if user else None
    return hashed if isinstance(hashed, str) else None


class Recipient(NamedTuple):
    """Where a user's mails go; `suppressed` is why none goes there any more, or ""."""

    email: str
    suppressed: str


def recipient_of(user_id: ObjectId) -> Recipient | None:
    """Where a user's mails go, or None when there is no such user."""
    user = users().find_one({"_id": user_id}, {"email": 1, "mailSuppressed": 1})
    if user is None or not isinstance(user.get("email"), str):
        return None
    suppressed = user.get("mailSuppressed")
    reason = str(suppressed.get("reason", "by hand")) if isinstance(suppressed, dict) else ""
    return Recipient(user["email"], reason)


def suppress_mail(email: str, reason: Literal["bounced", "complained"]) -> bool:
    """Send no mail to that address any more. A complaint outweighs a bounce. True if that is new."""
    user = find_by_email(email)
    if user is None:
        return False
    heavier = ["complained"] if reason == "bounced" else []
    known = {"mailSuppressed.reason": {"$nin": [reason, *heavier]}}
    suppression: Suppression = {"reason": reason, "at": clock.now()}
    update = {"$set": {"mailSuppressed": suppression}}
    return users().update_one({"_id": user["_id"], **known}, update).modified_count == 1


def allow_mail(email: str) -> bool:
    """Send mails to that address again. False if there is no such user, or none was suppressed."""
    user = find_by_email(email)
    if user is None:
        return False
    taken_away = {"$unset": {"mailSuppressed": ""}}
    return users().update_one({"_id": user["_id"]}, taken_away).modified_count == 1


def find_suppressed(limit: int) -> list[User]:
    """Up to `limit` users who get no mails, without what is secret; reads all users."""
    shown = {"email": 1, "mailSuppressed": 1}
    return list(
        users().find({"mailSuppressed": {"$exists": True}}, shown).sort("_id", DESCENDING).limit(limit)
    )


def emails_of(user_ids: Iterable[Any]) -> dict[Any, str]:
    """The addresses of those users that exist and have one, by id."""
    found = users().find({"_id": {"$in": list(user_ids)}}, {"email": 1})
    return {user["_id"]: user["email"] for user in found if isinstance(user.get("email"), str)}


def find_latest(limit: int, part: str | None = None) -> list[User]:
    """Up to `limit` users, newest first, without what is secret; those with `part` in their address."""
    wanted = {"email": {"$regex": re.escape(part), "$options": "i"}} if part else {}
    shown = {"email": 1, "role": 1, "createdAt": 1, "updatedAt": 1}
    return list(users().find(wanted, shown).sort("_id", DESCENDING).limit(limit))


def is_admin(user_id: ObjectId) -> bool:
    """Asked of the database each time, so that a demotion holds at once."""
    user = users().find_one({"_id": user_id}, {"role": 1})
    return user is not None and user.get("role") == ADMIN


def replace_hash(user: User, password_hash: str) -> None:
    """Store a stronger hash, unless the password was changed since the user was read."""
    users().update_one(_same_password(user), {"$set": {"password": password_hash, "updatedAt": clock.now()}})


def change_password(user: User, password_hash: str) -> bool:
    """Set another password, unless that was done since the user was read: False then.

    In the same update the refresh tokens of all logins so far become worthless (see `token_epoch`): that
    their families are deleted afterwards only tidies up.
    """
    changes = {
        "password": password_hash,
        "updatedAt": clock.now(),
        "tokenEpoch": token_epoch(user) + 1,  # not $inc: another program may have written any type
    }
    same = {**_same_password(user), "tokenEpoch": {"$eq": user.get("tokenEpoch")}}
    return users().update_one(same, {"$set": changes}).matched_count == 1


def delete(user: User) -> bool:
    """Delete a user, unless the password was changed since the user was read: False then."""
    return users().delete_one(_same_password(user)).deleted_count == 1


def _same_password(user: User) -> Query:
    """Matches the user while the password is as it was read; another program may have left none."""
    return {"_id": user["_id"], "password": {"$eq": user.get("password")}}


def token_epoch(user: User) -> int:
    """How often all logins of the user were ended. A login of an earlier epoch is over."""
    epoch = user.get("tokenEpoch")
    return epoch if isinstance(epoch, int) else 0


def to_json(user: User) -> View:
    """What users see of their own account. The Node app's may lack `createdAt`; its id was made then, too."""
    view = {
        "userId": user["_id"],
        "email": user["email"],
        "createdAt": user.get("createdAt") or user["_id"].generation_time,
    }
    return {**view, "role": user["role"]} if user.get("role") else view


def promote(email: str) -> bool:
    """Make a user an admin. False when there is no such user."""
    return _change_role(email, {"$set": {"role": ADMIN, "updatedAt": clock.now()}})


def demote(email: str) -> bool:
    """Make an admin a user like all others. False when there is no such user."""
    return _change_role(email, {"$unset": {"role": ""}, "$set": {"updatedAt": clock.now()}})


def _change_role(email: str, update: Mapping[str, Any]) -> bool:
    user = find_by_email(email)
    if user is not None:
        users().update_one({"_id": user["_id"]}, update)
    return user is not None
