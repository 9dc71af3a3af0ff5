"""Registering, logging in, and the life of tokens. Port of controllers/authController.js.

The Node app's refresh answered "not implemented yet"; here tokens rotate, and a stolen one ends its family.
"""

from typing import Any

import structlog
from bson import ObjectId

from config.resources import resources
from models import ended_tokens, token_family, user
from models.documents import User
from models.token_family import NewToken
from utils import clock, errors, jwt_utils, passwords

log = structlog.get_logger(__name__)

TokenPair = dict[str, Any]


def register(email: str, password: str) -> ObjectId:
    """Add a user. Raises EmailTaken."""
    if user.find_by_email(email) is not None:  # also one that the Node app stored in upper case
        raise errors.EmailTaken
    return user.insert(email, passwords.hash_password(password, resources().settings.bcrypt_cost))


def login(email: str, password: str) -> TokenPair:
    """Check a password and begin a token family. Raises InvalidCredentials, in equal time for any address."""
    cost = resources().settings.bcrypt_cost
    found = user.find_by_email(email)
    hashed = user.hash_of(found)
    matches = passwords.check_password(password, hashed, cost)
    if found is None or hashed is None or not matches:
        raise errors.InvalidCredentials
    if passwords.cost_of(hashed) < cost:
        user.replace_hash(found, passwords.hash_password(password, cost))
    family_id, new = jwt_utils.new_id(), _new_token()
    token_family.start(family_id, found["_id"], user.token_epoch(found), new)
    return _pair(found, new, family_id)


def refresh(encoded: str) -> TokenPair:
    """Spend a refresh token for a new pair. Raises TokenInvalid or TokenExpired.

    A token that was spent more than 10 s ago ends its family: either it was stolen or its successor was.
    """
    claims = jwt_utils.read_refresh_token(encoded)
    found = user.find(claims.user_id)
    new = found and token_family.rotate(claims.family_id, user.token_epoch(found), claims.jti, _new_token())
    if not (found and new):
        log.warning("refresh_token_refused", user_id=str(claims.user_id), family=claims.family_id)
        ended_tokens.end(claims.family_id)  # also when the request that revoked it came no further
        raise errors.TokenInvalid("This refresh token was used or revoked. Log in again.")
    return _pair(found, new, claims.family_id)


def logout(encoded: str) -> None:
    """End the family of a refresh token, and its access tokens. Raises TokenInvalid or TokenExpired."""
    family_id = jwt_utils.read_refresh_token(encoded).family_id
    token_family.revoke(family_id)
    ended_tokens.end(family_id)


def _new_token() -> NewToken:
    return NewToken(jwt_utils.new_id(), clock.after(resources().settings.refresh_token_seconds))


def _pair(of: User, refresh_token: NewToken, family_id: str) -> TokenPair:
    return {
        "token": jwt_utils.make_access_token(of["_id"], family_id, user.token_epoch(of)),
        "refreshToken": jwt_utils.make_refresh_token(of["_id"], refresh_token.jti, family_id),
        "tokenType": "Bearer",
        "expiresIn": resources().settings.access_token_seconds,
    }
