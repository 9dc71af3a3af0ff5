"""Access tokens: which are taken, whoever made them, and which are not."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import pytest

from config.settings import refresh_secret_of
from tests.api.conftest import StartApi
from tests.support.client import Client, expect_problem
from tests.support.node_accounts import node_token

OTHER_KEY = "0b52ad8f" * 8
USER_ID = "65f1a7c3d2e4b5a697880011"


def part(text: str) -> str:
    """A part of a token: base64url without padding."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def beheaded(header: str) -> str:
    """A token with another header, and no signature."""
    return f"{part(header)}.{part(written())}."


def signed(secret: str, payload: str) -> str:
    """A token with this payload as it stands, JSON or not, and a good signature."""
    return jwt.api_jws.PyJWS().encode(payload.encode(), secret, algorithm="HS256")


def expiring(**claims: Any) -> dict[str, Any]:
    return {"userId": USER_ID, "iat": int(time.time()), "exp": int(time.time()) + 3600, **claims}


def written(**claims: str) -> str:
    """A payload with claims written as they are given."""
    claims = {"userId": f'"{USER_ID}"', "exp": str(int(time.time()) + 3600), **claims}
    return "{" + ", ".join(f'"{name}": {value}' for name, value in claims.items()) + "}"


# What is wrong with it: how it is made of the right secret.
REFUSED: Mapping[str, Callable[[str], str]] = {
    "no signature": lambda secret: jwt.encode(expiring(), None, algorithm="none"),
    "no signature, so written": lambda secret: beheaded("{}"),
    "alg None in odd case": lambda secret: beheaded('{"alg": "nOnE"}'),
    "HS512": lambda secret: node_token(secret, USER_ID, algorithm="HS512"),
    "HS384": lambda secret: node_token(secret, USER_ID, algorithm="HS384"),
    "another key": lambda secret: node_token(OTHER_KEY, USER_ID),
    "no exp": lambda secret: node_token(secret, USER_ID, exp=None),
    "exp is null": lambda secret: signed(secret, written(exp="null")),
    "exp is a word": lambda secret: signed(secret, written(exp='"tomorrow"')),
    "exp is infinite": lambda secret: signed(secret, written(exp="1e400")),
    "exp is NaN": lambda secret: signed(secret, written(exp="NaN")),
    "exp is a list": lambda secret: signed(secret, written(exp="[]")),
    "exp has 5000 digits": lambda secret: signed(secret, written(exp="9" * 5000)),
    "iat far ahead": lambda secret: node_token(secret, USER_ID, iat=int(time.time()) + 3600),
    "nbf far ahead": lambda secret: node_token(secret, USER_ID, nbf=int(time.time()) + 3600),
    "a foreign aud": lambda secret: node_token(secret, USER_ID, aud="another-service"),
    "several foreign aud": lambda secret: node_token(secret, USER_ID, aud=["a", "b"]),
    "no userId": lambda secret: node_token(secret, USER_ID, userId=None),
    "userId is no id": lambda secret: node_token(secret, "anna"),
    "userId of 12 characters": lambda secret: node_token(secret, "twelve chars"),
    "userId is a number": lambda secret: signed(secret, written(userId="5")),
    "userId is an operator": lambda secret: signed(secret, written(userId='{"$gt": ""}')),
    "userId is a list": lambda secret: signed(secret, written(userId=f'["{USER_ID}"]')),
    "fam is a number": lambda secret: node_token(secret, USER_ID, fam=5),
    "epoch is text": lambda secret: node_token(secret, USER_ID, epoch="1"),
    "type refresh": lambda secret: node_token(secret, USER_ID, type="refresh"),
    "type is an object": lambda secret: node_token(secret, USER_ID, type={}),
    "the payload is a list": lambda secret: signed(secret, "[]"),
    "the payload is null": lambda secret: signed(secret, "null"),
    "the payload is empty": lambda secret: signed(secret, ""),
    "the payload is no JSON": lambda secret: signed(secret, "{userId: 1}"),
    "a payload without end": lambda secret: signed(secret, written(x="[" * 2000 + "]" * 2000)),
    "a payload half nested": lambda secret: signed(secret, '{"a":' * 900),
    "a header without end": lambda secret: beheaded("[" * 4000),
    "a header that is a list": lambda secret: beheaded("[]"),
    "crit": lambda secret: jwt.encode(expiring(), secret, headers={"crit": ["b64"], "b64": True}),
    "a changed payload": lambda secret: swapped(secret),
    "one part": lambda secret: "token",
    "two parts": lambda secret: "a.b",
    "three parts": lambda secret: "a.b.c",
    "dots": lambda secret: "....",
    "two tokens": lambda secret: f"{node_token(secret, USER_ID)} {node_token(secret, USER_ID)}",
    "a comma": lambda secret: f"{node_token(secret, USER_ID)}, Basic YTpi",
    "not ASCII": lambda secret: "ÿþ.ü.é",
    "not ASCII within": lambda secret: node_token(secret, USER_ID).replace(".", ".é"),
}


def swapped(secret: str) -> str:
    """The payload of one token under the signature of another."""
    header, _, signature = node_token(secret, USER_ID).split(".")
    return f"{header}.{part(json.dumps(expiring(admin=True)))}.{signature}"


@pytest.mark.parametrize("fault", REFUSED)
def test_a_token_is_refused_for(anyone: Client, settings: Mapping[str, str], fault: str) -> None:
    token = REFUSED[fault](settings["JWT_SECRET"])

    expect_problem(anyone.get("/api/orders", token=token), 401, "token_invalid")


@pytest.mark.parametrize("past", [60, 10**9])
def test_an_expired_token_is_told_so(anyone: Client, settings: Mapping[str, str], past: int) -> None:
    token = node_token(settings["JWT_SECRET"], USER_ID, exp=int(time.time()) - past)

    expect_problem(anyone.get("/api/orders", token=token), 401, "token_expired")


def test_a_refresh_token_is_no_access_token(user: Client) -> None:
    answer = user.get("/api/orders", token=user.tokens["refreshToken"])

    expect_problem(answer, 401, "token_invalid")


@pytest.mark.parametrize("route", ["/api/auth/refresh", "/api/auth/logout"])
def test_an_access_token_is_no_refresh_token(user: Client, route: str) -> None:
    body = {"refreshToken": user.tokens["token"]}

    expect_problem(user.post(route, body, token=""), 401, "token_invalid")
    expect_problem(user.post(route), 401, "token_invalid")
    assert user.post("/api/auth/refresh", {"refreshToken": user.tokens["refreshToken"]}).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token {}", "{}", "Bearer{}"])
def test_without_a_bearer_token_nobody_is_known(user: Client, header: str) -> None:
    headers = {"Authorization": header.format(user.tokens["token"])}

    expect_problem(user.get("/api/orders", token="", headers=headers), 401, "token_missing")


@pytest.mark.parametrize("header", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer   {}"])
def test_the_scheme_may_be_written_in_any_case(user: Client, header: str) -> None:
    headers = {"Authorization": header.format(user.tokens["token"])}

    assert user.get("/api/orders", token="", headers=headers).status_code == 200


def test_a_token_counts_in_the_header_alone(user: Client) -> None:
    token = user.tokens["token"]
    elsewhere = [
        {"headers": {"Cookie": f"access_token_cookie={token}; token={token}"}},
        {"headers": {"x-auth-token": token}},
    ]

    for options in elsewhere:
        expect_problem(user.get("/api/orders", token="", **options), 401, "token_missing")
    expect_problem(user.get(f"/api/orders?token={token}&jwt={token}", token=""), 401, "token_missing")


def test_a_token_of_the_node_app_reads_and_writes(
    user: Client, settings: Mapping[str, str], product: Callable[..., str]
) -> None:
    token = node_token(settings["JWT_SECRET"], user.user_id)
    body = {"items": [{"productId": product(5), "quantity": 1}]}

    order = user.post("/api/orders", body, token=token)

    assert order.status_code == 201
    assert order.json()["userId"] == user.user_id
    listed = user.get("/api/orders", token=token).json()["data"]
    assert [row["orderId"] for row in listed] == [order.json()["orderId"]]


def test_tokens_hold_where_clocks_differ_by_3_seconds(user: Client, settings: Mapping[str, str]) -> None:
    now, secret = int(time.time()), settings["JWT_SECRET"]
    ahead = node_token(secret, user.user_id, iat=now + 3)
    own = jwt.decode(user.tokens["refreshToken"], options={"verify_signature": False})

    assert user.get("/api/orders", token=ahead).status_code == 200
    refreshing = node_token(refresh_secret_of(secret), user.user_id, **{**own, "iat": now + 3})
    body = {"refreshToken": refreshing}
    assert user.post("/api/auth/refresh", body, token="").status_code == 200


def test_by_how_much_clocks_may_differ_is_a_setting(
    user: Client, settings: Mapping[str, str], start_api: StartApi
) -> None:
    now, secret = int(time.time()), settings["JWT_SECRET"]
    ahead = node_token(secret, user.user_id, iat=now + 100)
    behind = node_token(secret, user.user_id, iat=now - 3600, exp=now - 100)

    expect_problem(user.get("/api/orders", token=ahead), 401, "token_invalid")
    expect_problem(user.get("/api/orders", token=behind), 401, "token_expired")
    with start_api("leeway", JWT_LEEWAY_SECONDS="300") as base:
        client = Client(base)
        assert client.get("/api/orders", token=ahead).status_code == 200
        assert client.get("/api/orders", token=behind).status_code == 200


def test_the_node_middleware_takes_a_token_made_here(user: Client, settings: Mapping[str, str]) -> None:
    token = user.tokens["token"]

    claims = jwt.decode(token, settings["JWT_SECRET"], algorithms=["HS256"])

    header = jwt.get_unverified_header(token)
    assert header == {"alg": "HS256", "typ": "JWT", "kid": header["kid"]}
    assert claims["userId"] == user.user_id
    assert claims["exp"] - claims["iat"] == user.tokens["expiresIn"] == 3600
    assert "nbf" not in claims
