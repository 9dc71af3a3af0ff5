"""/api/auth. Port of routes/authRoutes.js."""

from typing import Any

from flask import Blueprint, Response

from controllers import auth_controller
from middleware import rate_limits
from middleware.auth_middleware import bearer_token, public
from middleware.request_body import accepts
from models.schemas import StrictSchema, Text
from models.user import CredentialsSchema, NewUserSchema
from utils import errors

auth = Blueprint("auth", __name__)


class RefreshTokenSchema(StrictSchema):
    refreshToken = Text()


@auth.post("/register")
@public
@rate_limits.registrations_per_address
@accepts(NewUserSchema())
def register(body: dict[str, str]) -> Any:
    """201 `{message, userId}`; 400, 409 email_taken, 429."""
    user_id = auth_controller.register(**body)
    return {"message": "User registered successfully", "userId": user_id}, 201


@auth.post("/login")
@public
@rate_limits.per_address
@rate_limits.failures_per_account
@accepts(CredentialsSchema())
def login(body: dict[str, str]) -> Any:
    """200 `{token, refreshToken, tokenType, expiresIn}`; 400, 401 invalid_credentials, 429."""
    return auth_controller.login(**body)


@auth.post("/refresh")
@public
@accepts(RefreshTokenSchema(), optional=True)
def refresh(body: dict[str, str]) -> Any:
    """200, a new pair as from login; 400, 401 token_missing, token_invalid, token_expired."""
    return auth_controller.refresh(_refresh_token(body))


@auth.post("/logout")
@public
@accepts(RefreshTokenSchema(), optional=True)
def logout(body: dict[str, str]) -> Any:
    """204; 400, 401 token_missing, token_invalid, token_expired."""
    auth_controller.logout(_refresh_token(body))
    return Response(status=204)


@auth.get("/test")
@public
def test() -> Any:
    """200 `{message}`: the routes are there."""
    return {"message": "Auth routes working!"}


def _refresh_token(body: dict[str, str]) -> str:
    """The refresh token from the body or, failing that, the Authorization header."""
    token = body.get("refreshToken") or bearer_token()
    if not token:
        raise errors.TokenMissing(
            "Send the refresh token as {\"refreshToken\": ...} or 'Authorization: Bearer <refresh token>'."
        )
    return token
