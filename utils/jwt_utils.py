"""Tokens, through flask-jwt-extended. Port of utils/jwtUtils.js.

The Node app's tokens hold `{userId, iat, exp}`: without a `type` they are access tokens here, and its
middleware accepts the tokens made here. Tokens made here carry `fam`, the login that they come from, and
access tokens `epoch`, the user's when they were made (models/user.py).
"""

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
from jwt import ExpiredSignatureError, PyJWTError

from utils import errors

# What reading a token from anywhere can raise. The claims are read before the signature is checked (they
# choose the key), so nesting without end and numbers without bound reach the decoder.
_UNREADABLE = (JWTExtendedException, PyJWTError, ValueError, TypeError, OverflowError, RecursionError)


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


def init_app(
    app: Flask,
    secret: str,
    refresh_secret: str,
    access_seconds: int,
    refresh_seconds: int,
    leeway_seconds: int,
) -> None:
    """Configure flask-jwt-extended: HS256 alone. Refresh tokens have their own secret, as in the Node app."""
    app.config.update(
        JWT_SECRET_KEY=secret,
        JWT_ALGORITHM="HS256",
        JWT_DECODE_ALGORITHMS=["HS256"],
        JWT_IDENTITY_CLAIM="userId",
        JWT_ENCODE_NBF=False,
        JWT_DECODE_LEEWAY=leeway_seconds,  # hosts' clocks differ, and an `iat` may lie ahead
        JWT_ACCESS_TOKEN_EXPIRES=timedelta(seconds=access_seconds),
        JWT_REFRESH_TOKEN_EXPIRES=timedelta(seconds=refresh_seconds),
    )
    manager = JWTManager(app)
    manager.encode_key_loader(
        lambda identity: refresh_secret if isinstance(identity, _RefreshIdentity) else secret
    )
    manager.decode_key_loader(
        lambda header, claims: refresh_secret if claims.get("type") == "refresh" else secret
    )


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
        claims: dict[str, Any] = decode_token(encoded)
    except ExpiredSignatureError as error:
        raise errors.TokenExpired from error
    except _UNREADABLE as error:
        raise errors.TokenInvalid from error
    if "exp" not in claims or "aud" in claims or claims["type"] != token_type:
        raise errors.TokenInvalid
    return claims


def _user_of(claims: dict[str, Any]) -> ObjectId:
    user_id = claims["userId"]
    if not isinstance(user_id, str) or not ObjectId.is_valid(user_id):
        raise errors.TokenInvalid
    return ObjectId(user_id)
