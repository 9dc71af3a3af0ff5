"""One's own account: what it is, another password, and its end. The Node app had none of it."""

from collections.abc import Callable

import structlog
from bson import ObjectId

from config.resources import resources
from models import ended_tokens, token_family, user
from models.documents import User, View
from utils import errors, passwords

log = structlog.get_logger(__name__)


_RACES = 5


def show(user_id: ObjectId) -> View:
    """The account of a token's user. Raises TokenInvalid when it was deleted."""
    return user.to_json(_own(user_id))


def change_password(user_id: ObjectId, current: str, new: str) -> None:
    """Set another password, and end every login with all its tokens; the Node app's live out their hour.

    Raises InvalidCredentials, or TokenInvalid when the account was deleted.
    """

    def change(seen: User) -> bool:
        return user.change_password(seen, passwords.hash_password(new, resources().settings.bcrypt_cost))

    seen = _with_password(user_id, "currentPassword", current, change)
    ended_tokens.end(ended_tokens.of_epoch(user_id, user.token_epoch(seen)))
    token_family.revoke_all(user_id)
    log.info("password_changed", user_id=str(user_id))


def delete(user_id: ObjectId, password: str) -> None:
    """Delete an account and end all its tokens; its orders stay, without an address.

    Raises InvalidCredentials. A client that was not answered asks again: what is left to do is done then, and
    no password is needed for it.
    """
    if user.find(user_id) is not None:
        _with_password(user_id, "password", password, user.delete)
    ended_tokens.end(str(user_id))
    token_family.revoke_all(user_id)
    log.info("account_deleted", user_id=str(user_id))


def _with_password(user_id: ObjectId, field: str, password: str, act: Callable[[User], bool]) -> User:
    """Do what needs the account's password. Returns the account as the password was checked on."""
    for _ in range(_RACES):
        seen = _own(user_id)
        if not passwords.check_password(password, user.hash_of(seen), resources().settings.bcrypt_cost):
            raise errors.InvalidCredentials(
                f"{field} is not the password of this account. The token is good: no new login is needed."
            )
        if act(seen):
            return seen
    raise errors.ServiceUnavailable("Too many requests change this account at once. Send it again.")


def _own(user_id: ObjectId) -> User:
    found = user.find(user_id)
    if found is None:
        raise errors.TokenInvalid("The account of this token does not exist any more.")
    return found
