"""Who is asking. Port of middleware/authMiddleware.js; a bad token is a 401 here, not a 400."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from bson import ObjectId
from flask import g, request

from models import ended_tokens, user
from utils import errors
from utils.jwt_utils import AccessClaims, read_access_token

View = Callable[..., Any]


def requires_user(view: View) -> View:
    """The route needs an access token; `current_user_id()` is whose it is."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        _authenticate()
        return view(*args, **kwargs)

    return mark(guarded, "user")


def requires_admin(view: View) -> View:
    """The route needs an access token of an admin."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        _authenticate()
        if not user.is_admin(current_user_id()):
            raise errors.Forbidden("This needs an admin. `flask users promote EMAIL` makes one.")
        return view(*args, **kwargs)

    return mark(guarded, "admin")


def public(view: View) -> View:
    """The route needs no token, on purpose: a test fails on a route that says nothing."""
    return mark(view, "anyone")


def current_user_id() -> ObjectId:
    """The authenticated user of this request."""
    user_id: ObjectId = g.user_id
    return user_id


def bearer_token() -> str | None:
    """The token of the Authorization header, unchecked. The scheme is case-insensitive (RFC 9110, 11.1)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _authenticate() -> None:
    token = bearer_token()
    if token is None:
        raise errors.TokenMissing
    claims = read_access_token(token)
    g.user_id = claims.user_id
    if ended_tokens.have_ended(str(claims.user_id)):
        raise errors.TokenInvalid("The account of this token does not exist any more.")
    if _login_has_ended(claims):
        raise errors.TokenInvalid("The login of this token was ended. Log in again.")


def _login_has_ended(claims: AccessClaims) -> bool:
    """By a logout, by the theft of its refresh token, or with all others by another password."""
    if claims.family_id is not None and ended_tokens.have_ended(claims.family_id):
        return True
    return claims.epoch is not None and ended_tokens.have_ended(
        ended_tokens.of_epoch(claims.user_id, claims.epoch)
    )


def mark(view: View, who: str) -> View:
    """Have the route say who may call it, for a test that reads it of all."""
    view.who = who  # type: ignore[attr-defined]
    return view
