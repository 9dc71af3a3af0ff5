"""Users. Port of models/User.js: `{email, password, createdAt, updatedAt}`; `role` and `tokenEpoch` are new.

Addresses are compared in lower case. The Node app stored them as typed, so a look-up takes both spellings.
"""

from typing import Any

from bson import ObjectId
from marshmallow import ValidationError, validate
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from config.db import collection
from models.index_spec import Index
from models.schemas import StrictSchema, Text
from utils import clock, errors, passwords

ADMIN = "admin"


def check_new_password(value: str) -> None:
    """Raise ValidationError unless the value will do as a new account's password."""
    if len(value) < 8:
        raise ValidationError("Must have at least 8 characters.")
    if len(value.encode()) > passwords.MAX_BYTES:
        raise ValidationError(f"Must have at most {passwords.MAX_BYTES} bytes in UTF-8.")


class NewUserSchema(StrictSchema):
    email = Text(required=True, validate=[validate.Length(max=254), validate.Email()])
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
        {"name": "email_folded", "unique": True, "collation": {"locale": "en", "strength": 2}},
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
    """The user with this address, as typed or in lower case; as typed wins."""
    found = list(users().find({"email": {"$in": [email, email.lower()]}}))
    return max(found, key=lambda user: user["email"] == email, default=None)


def email_of(user_id: ObjectId) -> str | None:
    """A user's address, or None when there is no such user."""
    user = users().find_one({"_id": user_id}, {"email": 1})
    return user["email"] if user else None


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
    return int(user.get("tokenEpoch", 0))


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
