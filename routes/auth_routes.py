"""/api/auth. Port of routes/authRoutes.js."""

from typing import Any

from flask import Blueprint, Response

from controllers import account_controller, auth_controller
from middleware import failed_logins, rate_limits
from middleware.auth_middleware import bearer_token, current_user_id, public, requires_user
from middleware.request_body import accepts
from models.credentials import (
    CredentialsSchema,
    NewUserSchema,
    PasswordChangeSchema,
    PasswordSchema,
    RefreshTokenSchema,
)
from openapi.responses import responds
from openapi.schemas import AccountSchema, MessageSchema, RegisteredSchema, TokenPairSchema
from openapi.traits import REFRESH_TOKEN, WITHOUT_DATABASE
from utils import errors

auth = Blueprint("auth", __name__)


@auth.post("/register")
@responds(201, RegisteredSchema, errors=[errors.EmailTaken, errors.RateLimited])
@public
@rate_limits.registrations_per_address
@accepts(NewUserSchema())
def register(body: dict[str, str]) -> Any:
    """Register a new user."""
    user_id = auth_controller.register(**body)
    return {"message": "User registered successfully", "userId": user_id}, 201


@auth.post("/login")
@responds(200, TokenPairSchema, errors=[errors.InvalidCredentials, errors.RateLimited])
@public
@rate_limits.per_address
@failed_logins.failures_per_account
@accepts(CredentialsSchema())
def login(body: dict[str, str]) -> Any:
    """Log in: an access token for the other routes, and a refresh token for the time after it."""
    return auth_controller.login(**body)


@auth.post("/refresh")
@responds(200, TokenPairSchema, REFRESH_TOKEN, errors=[errors.RateLimited])
@public
@rate_limits.refreshes_per_address
@rate_limits.refreshes_per_login
@accepts(RefreshTokenSchema(), optional=True)
def refresh(body: dict[str, str]) -> Any:
    """Spend a refresh token for a new pair of tokens.

    One that was spent more than 10 s ago ends all tokens of that login: somebody stole it, or its successor.
    A login is refreshed 30 times a minute at most.
    """
    return auth_controller.refresh(_refresh_token(body))


@auth.post("/logout")
@responds(204, None, REFRESH_TOKEN)
@public
@accepts(RefreshTokenSchema(), optional=True)
def logout(body: dict[str, str]) -> Any:
    """End a login: its refresh tokens at once, its access tokens within a second."""
    auth_controller.logout(_refresh_token(body))
    return Response(status=204)


@auth.get("/me")
@responds(200, AccountSchema)
@requires_user
def show_account() -> Any:
    """Show your account."""
    return account_controller.show(current_user_id())


@auth.post("/password")
@responds(204, None, errors=[errors.InvalidCredentials, errors.RateLimited])
@requires_user
@rate_limits.per_address
@failed_logins.failures_per_user
@accepts(PasswordChangeSchema())
def change_password(body: dict[str, str]) -> Any:
    """Change your password, and end all logins.

    All refresh tokens end at once, access tokens within a second, also the one that this is sent with. A
    wrong currentPassword is 401 `invalid_credentials`: the token is good, so do not refresh it.
    """
    account_controller.change_password(current_user_id(), body["currentPassword"], body["newPassword"])
    return Response(status=204)


@auth.delete("/me")
@responds(204, None, errors=[errors.InvalidCredentials, errors.RateLimited])
@requires_user
@rate_limits.per_address
@failed_logins.failures_per_user
@accepts(PasswordSchema())
def delete_account(body: dict[str, str]) -> Any:
    """Delete your account, and end all its tokens within a second.

    Orders stay for the books, without an address; open ones go on, and no mail tells of their end. A wrong
    password is 401 `invalid_credentials`: the token is good, so do not refresh it.
    """
    account_controller.delete(current_user_id(), body["password"])
    return Response(status=204)


@auth.get("/test")
@responds(200, MessageSchema, WITHOUT_DATABASE)
@public
def test() -> Any:
    """Tell that the routes are there."""
    return {"message": "Auth routes working!"}


def _refresh_token(body: dict[str, str]) -> str:
    """The refresh token from the body or, failing that, the Authorization header."""
    token = body.get("refreshToken") or bearer_token()
    if not token:
        raise errors.TokenMissing(
            "Send the refresh token as {\"refreshToken\": ...} or 'Authorization: Bearer <refresh token>'."
        )
    return token
