"""Tokens, through flask-jwt-extended. Port of utils/jwtUtils.js.

The Node app's tokens hold `{userId, iat, exp}`: without a `type` they are access tokens here, and its
middleware accepts the tokens made here. Tokens made here carry `fam`, the login that they come from, and
access tokens `epoch`, the user's when they were made (models/user.py). Their header's `kid` says which secret
signed them, so that a secret can be replaced while tokens of the one before still live.
"""

import hashlib
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from bson import ObjectId
from flask import Flask
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    decode_token,
)
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt import ExpiredSignatureError, InvalidSignatureError, PyJWTError

from utils import errors

# What reading a token from anywhere can raise. The claims are read before the signature is checked (they
# choose the key), so nesting without end and numbers without bound reach the decoder.
_UNREADABLE = (JWTExtendedException, PyJWTError, ValueError, TypeError, OverflowError, RecursionError)


class Secrets(NamedTuple):
    """`access` and `refresh` sign. The others, if there are any, are accepted too: the next ones before a
    rotation, the last ones after it."""

    access: str
    refresh: str
    other_access: str | None = None
    other_refresh: str | None = None


class AccessClaims(NamedTuple):
    """The Node app's tokens, and older ones of this app, name neither login nor epoch."""

    user_id: ObjectId
    family_id: str | None
    epoch: int | None


class RefreshClaims(NamedTuple):
    user_id: ObjectId
    jti: str
    family_id: str


class _RefreshIdentity(str):
    """A user id that has the key loader take the refresh secret: it gets the identity alone."""


# Set while a token without `kid`, such as the Node app's, is tried with the other secret.
_with_other: ContextVar[bool] = ContextVar("with_other", default=False)


def init_app(
    app: Flask, secrets: Secrets, access_seconds: int, refresh_seconds: int, leeway_seconds: int
) -> None:
    """Configure flask-jwt-extended: HS256 alone. Refresh tokens have their own secret, as in the Node app."""
    app.config.update(
        JWT_SECRET_KEY=secrets.access,
        JWT_ALGORITHM="HS256",
        JWT_DECODE_ALGORITHMS=["HS256"],
        JWT_IDENTITY_CLAIM="userId",
        JWT_ENCODE_NBF=False,
        JWT_DECODE_LEEWAY=leeway_seconds,  # hosts' clocks differ, and an `iat` may lie ahead
        JWT_ACCESS_TOKEN_EXPIRES=timedelta(seconds=access_seconds),
        JWT_REFRESH_TOKEN_EXPIRES=timedelta(seconds=refresh_seconds),
    )
    manager = JWTManager(app)

    def signing(identity: Any) -> str:
        return secrets.refresh if isinstance(identity, _RefreshIdentity) else secrets.access

    def accepted(header: dict[str, Any], claims: dict[str, Any]) -> str:
        is_refresh = claims.get("type") == "refresh"
        own = secrets.refresh if is_refresh else secrets.access
        other = secrets.other_refresh if is_refresh else secrets.other_access
        if other and (_with_other.get() or header.get("kid") == _key_id(other)):
            return other
        return own

    manager.encode_key_loader(signing)
    manager.decode_key_loader(accepted)
    manager.additional_headers_loader(lambda identity: {"kid": _key_id(signing(identity))})


def _key_id(secret: str) -> str:
    """Which secret it is, without a word about it: it has at least 32 random characters."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def make_access_token(user_id: ObjectId, family_id: str, epoch: int) -> str:
    token: str = create_access_token(str(user_id), additional_claims={"fam": family_id, "epoch": epoch})
    return token


def make_refresh_token(user_id: ObjectId, jti: str, family_id: str) -> str:
    claims = {"jti": jti, "fam": family_id}
    token: str = create_refresh_token(_RefreshIdentity(user_id), additional_claims=claims)
    return token


def new_id() -> str:
    """An id for a token or a family."""
    return uuid4().hex


def read_access_token(encoded: str) -> AccessClaims:
    """What an access token says. Raises TokenInvalid or TokenExpired."""
    claims = _decode(encoded, "access")
    family_id, epoch = claims.get("fam"), claims.get("epoch")
    if not isinstance(family_id, str | None) or not isinstance(epoch, int | None):
        raise errors.TokenInvalid
    return AccessClaims(_user_of(claims), family_id, epoch)


def read_refresh_token(encoded: str) -> RefreshClaims:
    """What a refresh token says. Raises TokenInvalid or TokenExpired."""
    claims = _decode(encoded, "refresh")
    if not isinstance(claims.get("fam"), str) or not isinstance(claims["jti"], str):
        raise errors.TokenInvalid
    return RefreshClaims(_user_of(claims), claims["jti"], claims["fam"])


def _decode(encoded: str, token_type: str) -> dict[str, Any]:
    """Check the signature, and what the library lets through: no `exp`, a foreign `aud`, any other type."""
    try:
        claims = _signed_claims(encoded)
    except ExpiredSignatureError as error:
        raise errors.TokenExpired from error
    except _UNREADABLE as error:
        raise errors.TokenInvalid from error
    if "exp" not in claims or "aud" in claims or claims["type"] != token_type:
        raise errors.TokenInvalid
    return claims


def _signed_claims(encoded: str) -> dict[str, Any]:
    """Raises what the library raises."""
    try:
        claims: dict[str, Any] = decode_token(encoded)
    except InvalidSignatureError:
        token = _with_other.set(True)
        try:
            claims = decode_token(encoded)
        finally:
            _with_other.reset(token)
    return claims


def _user_of(claims: dict[str, Any]) -> ObjectId:
    user_id = claims["userId"]
    if not isinstance(user_id, str) or not ObjectId.is_valid(user_id):
        raise errors.TokenInvalid
    return ObjectId(user_id)
