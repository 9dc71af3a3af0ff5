"""Refresh tokens: which are taken, and the settings about them."""

import time
from collections.abc import Mapping
from typing import Any

import jwt
import pytest

from config.settings import refresh_secret_of
from tests.api.conftest import REFRESH_SECRET
from tests.api.refreshing import WAYS, next_pair, refresh
from tests.support.client import Client, expect_problem
from tests.support.node_accounts import node_token


def test_an_expired_refresh_token_is_told_so(user: Client, settings: Mapping[str, str]) -> None:
    for way in WAYS:
        for route in ("refresh", "logout"):
            secret = refresh_secret_of(settings["JWT_SECRET"])
            expired = forged(secret, user, exp=int(time.time()) - 60)
            expect_problem(refresh(user, expired, way, route), 401, "token_expired")


@pytest.mark.parametrize("claims", [{"fam": None}, {"fam": {"$ne": ""}}, {"jti": None}, {"jti": "another"}])
def test_a_refresh_token_without_a_known_family_is_refused(
    user: Client, settings: Mapping[str, str], claims: dict[str, Any]
) -> None:
    secret = refresh_secret_of(settings["JWT_SECRET"])
    expect_problem(refresh(user, forged(secret, user, **claims)), 401, "token_invalid")


def test_the_secret_of_access_tokens_makes_no_refresh_token(
    user: Client, settings: Mapping[str, str]
) -> None:
    """Nor the other way round: Node's middleware, which looks at the signature alone, takes none."""
    expect_problem(refresh(user, forged(settings["JWT_SECRET"], user)), 401, "token_invalid")
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(user.tokens["refreshToken"], settings["JWT_SECRET"], algorithms=["HS256"])
    next_pair(user, forged(refresh_secret_of(settings["JWT_SECRET"]), user))


def forged(secret: str, user: Client, **claims: Any) -> str:
    """A refresh token with the claims of the user's own, but for these."""
    own = jwt.decode(user.tokens["refreshToken"], options={"verify_signature": False})
    return node_token(secret, user.user_id, **{**own, "userId": user.user_id, **claims})


def test_refresh_tokens_can_have_a_secret_of_their_own(
    api_as_node_named_it: str, settings: Mapping[str, str]
) -> None:
    user = Client(api_as_node_named_it).register()
    token = user.tokens["refreshToken"]

    claims = jwt.decode(token, REFRESH_SECRET, algorithms=["HS256"])
    assert claims["exp"] - claims["iat"] == 240
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, settings["JWT_SECRET"], algorithms=["HS256"])
    expect_problem(refresh(user, forged(settings["JWT_SECRET"], user)), 401, "token_invalid")
    expect_problem(user.get("/api/orders", token=token), 401, "token_invalid")
    disguised = node_token(REFRESH_SECRET, user.user_id, type="access")
    expect_problem(user.get("/api/orders", token=disguised), 401, "token_invalid")
    next_pair(user, token)


def test_how_long_tokens_live_is_a_setting(api_as_node_named_it: str, settings: Mapping[str, str]) -> None:
    user = Client(api_as_node_named_it).register()

    claims = jwt.decode(user.tokens["token"], settings["JWT_SECRET"], algorithms=["HS256"])

    assert claims["exp"] - claims["iat"] == user.tokens["expiresIn"] == 120
