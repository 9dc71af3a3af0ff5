"""JWT_SECRET is replaced while tokens that it signed still live: no user has to log in again."""

from collections.abc import Mapping
from uuid import uuid4

import jwt
import pytest

from tests.api.conftest import StartApi
from tests.support.client import Client, expect_problem
from tests.support.node_accounts import node_token

NEXT = "8d1f4c72" * 8
THIRD = "5e3b9a7d" * 8


def kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def with_tokens_of(user: Client, base: str) -> Client:
    """The same user at another address of the API."""
    there = Client(base)
    there.tokens, there.email, there.user_id = user.tokens, user.email, user.user_id
    return there


def refresh(client: Client) -> Client:
    body = {"refreshToken": client.tokens["refreshToken"]}
    answer = client.post("/api/auth/refresh", body, token="")
    assert answer.status_code == 200, answer.text
    client.tokens = answer.json()
    return client


def test_with_the_last_secret_accepted_tokens_live_on_and_are_replaced_by_ones_of_the_next(
    user: Client, settings: Mapping[str, str], start_api: StartApi
) -> None:
    last = settings["JWT_SECRET"]
    of_node = node_token(last, user.user_id)
    with start_api("rotated", JWT_SECRET=NEXT, JWT_OTHER_SECRET=last) as base:
        there = with_tokens_of(user, base)
        assert there.get("/api/orders").status_code == 200
        assert there.get("/api/orders", token=of_node).status_code == 200, "it has no kid"

        before = there.tokens["token"]
        refresh(there)

        assert there.get("/api/orders").status_code == 200
        assert kid(there.tokens["token"]) != kid(before)
        jwt.decode(there.tokens["token"], NEXT, algorithms=["HS256"])
        refresh(there)


def test_before_a_rotation_all_processes_take_the_next_secret(
    user: Client, settings: Mapping[str, str], start_api: StartApi
) -> None:
    """So hosts can be changed one after the other: a client may come to one that is not yet changed."""
    with (
        start_api("changed", JWT_SECRET=NEXT, JWT_OTHER_SECRET=settings["JWT_SECRET"]) as changed,
        start_api("to-change", JWT_OTHER_SECRET=NEXT) as to_change,
    ):
        new = Client(changed).register()
        assert with_tokens_of(new, to_change).get("/api/orders").status_code == 200
        refresh(with_tokens_of(new, to_change))


def test_once_the_last_secret_is_taken_away_its_tokens_are_refused(user: Client, start_api: StartApi) -> None:
    with start_api("forgotten", JWT_SECRET=NEXT) as base:
        there = with_tokens_of(user, base)
        expect_problem(there.get("/api/orders"), 401, "token_invalid")
        body = {"refreshToken": there.tokens["refreshToken"]}
        expect_problem(there.post("/api/auth/refresh", body, token=""), 401, "token_invalid")


def test_the_refresh_secret_rotates_by_itself(user: Client, start_api: StartApi) -> None:
    with start_api("two-secrets", JWT_REFRESH_SECRET=THIRD) as base:
        first = Client(base).register()
    with start_api("refresh", JWT_REFRESH_SECRET=NEXT, JWT_OTHER_REFRESH_SECRET=THIRD) as base:
        there = with_tokens_of(first, base)
        assert there.get("/api/orders").status_code == 200
        refresh(there)
        jwt.decode(there.tokens["refreshToken"], NEXT, algorithms=["HS256"])


@pytest.mark.parametrize("named", ["own", "other", "none", "odd"])
def test_a_key_id_opens_nothing_by_itself(
    user: Client, settings: Mapping[str, str], start_api: StartApi, named: str
) -> None:
    with start_api("forged", JWT_SECRET=NEXT, JWT_OTHER_SECRET=settings["JWT_SECRET"]) as base:
        own = Client(base).register().tokens["token"]
        kids = {"own": kid(own), "other": kid(user.tokens["token"]), "none": None, "odd": uuid4().hex}
        headers = {"kid": kids[named]} if kids[named] else {}
        claims = jwt.decode(own, options={"verify_signature": False})
        forged = jwt.encode(claims, THIRD, algorithm="HS256", headers=headers)

        expect_problem(Client(base).get("/api/orders", token=forged), 401, "token_invalid")
