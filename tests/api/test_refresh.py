"""POST /api/auth/refresh and /logout: the life of a refresh token."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from tests.api.conftest import Mongo, StartApi
from tests.api.refreshing import WAYS, next_pair, refresh, wait_until_refused
from tests.support.client import Client, expect_problem
from tests.support.together import together

MAX_LIVE = 5


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def family_of(database: Mongo, token: str) -> dict[str, Any]:
    """What is stored about the login that a token comes from."""
    family = database["tokenfamilies"].find_one({"_id": claims_of(token)["fam"]})
    assert family is not None
    return family


def let_time_pass(database: Mongo, token: str, seconds: float) -> None:
    """As if a spent token had been spent that many seconds ago."""
    claims = claims_of(token)
    moved = database["tokenfamilies"].update_one(
        {"_id": claims["fam"], "tokens.jti": claims["jti"]},
        {"$set": {"tokens.$.spentAt": datetime.now(UTC) - timedelta(seconds=seconds)}},
    )
    assert moved.matched_count == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_refresh_answers_as_a_login_and_both_tokens_are_new(user: Client, way: str) -> None:
    answer = refresh(user, user.tokens["refreshToken"], way)

    assert answer.status_code == 200
    pair = answer.json()
    assert pair.keys() == user.tokens.keys()
    assert (pair["tokenType"], pair["expiresIn"]) == ("Bearer", 3600)
    assert pair["token"] != user.tokens["token"]
    assert pair["refreshToken"] != user.tokens["refreshToken"]
    for token in (pair["token"], user.tokens["token"]):
        assert user.get("/api/orders", token=token).status_code == 200


def test_a_chain_of_refreshes_goes_on(user: Client) -> None:
    tokens = [user.tokens["refreshToken"]]

    for _ in range(5):
        tokens.append(next_pair(user, tokens[-1])["refreshToken"])

    assert len(set(tokens)) == 6


def test_the_body_comes_first_when_an_access_token_is_sent_along(user: Client) -> None:
    answer = user.post("/api/auth/refresh", {"refreshToken": user.tokens["refreshToken"]})

    assert answer.status_code == 200


@pytest.mark.parametrize("route", ["refresh", "logout"])
def test_without_a_refresh_token_there_is_nothing_to_do(anyone: Client, route: str) -> None:
    for body in (None, {}, {"refreshToken": ""}):
        expect_problem(anyone.post(f"/api/auth/{route}", body), 401, "token_missing")


def test_a_double_click_gets_a_working_pair_each(user: Client, database: Mongo) -> None:
    token = user.tokens["refreshToken"]
    first = next_pair(user, token)
    let_time_pass(database, token, 2)

    second = next_pair(user, token)

    assert first["refreshToken"] != second["refreshToken"]
    next_pair(user, first["refreshToken"])
    next_pair(user, second["refreshToken"])


def test_a_token_shown_again_later_revokes_its_family_and_no_other(user: Client, database: Mongo) -> None:
    stolen = user.tokens["refreshToken"]
    elsewhere = user.login().tokens["refreshToken"]
    successor = next_pair(user, stolen)
    let_time_pass(database, stolen, 11)

    expect_problem(refresh(user, stolen), 401, "token_invalid")

    expect_problem(refresh(user, successor["refreshToken"]), 401, "token_invalid")
    expect_problem(refresh(user, stolen), 401, "token_invalid")
    wait_until_refused(user, successor["token"])
    next_pair(user, elsewhere)


def test_a_token_that_was_spent_long_ago_revokes_its_family_too(user: Client, database: Mongo) -> None:
    oldest = user.tokens["refreshToken"]
    newer = next_pair(user, oldest)["refreshToken"]
    let_time_pass(database, oldest, 11)
    newest = next_pair(user, newer)["refreshToken"]  # which forgets the oldest

    expect_problem(refresh(user, oldest), 401, "token_invalid")

    expect_problem(refresh(user, newest), 401, "token_invalid")


@pytest.mark.parametrize("way", WAYS)
def test_a_logout_revokes_the_family_and_no_other(user: Client, way: str) -> None:
    first = user.tokens["refreshToken"]
    second = next_pair(user, first)["refreshToken"]
    elsewhere = user.login().tokens["refreshToken"]

    answer = refresh(user, second, way, "logout")

    assert (answer.status_code, answer.content) == (204, b"")
    for token in (first, second):
        expect_problem(refresh(user, token), 401, "token_invalid")
    assert refresh(user, second, way, "logout").status_code == 204  # again, and nothing is left to do
    next_pair(user, elsewhere)


def test_a_logout_ends_the_access_tokens_of_that_login_alone(user: Client, start_api: StartApi) -> None:
    """At once in the process that is told, within a second or so in the others."""
    first = dict(user.tokens)
    second = next_pair(user, first["refreshToken"])
    elsewhere = user.login().tokens["token"]
    with start_api("one-more") as base, start_api("another") as other:
        here, there = Client(base), Client(other)
        assert there.get("/api/orders", token=first["token"]).status_code == 200

        assert refresh(here, second["refreshToken"], route="logout").status_code == 204

        for token in (first["token"], second["token"]):
            problem = expect_problem(here.get("/api/orders", token=token), 401, "token_invalid")
            assert "Log in again" in problem["detail"]
            wait_until_refused(there, token)
        assert [c.get("/api/orders", token=elsewhere).status_code for c in (here, there)] == [200, 200]


def test_20_refreshes_of_one_token_at_once_get_a_working_pair_each(user: Client, api: str) -> None:
    token = user.tokens["refreshToken"]

    answers = together([lambda: refresh(Client(api), token)] * 20)

    assert [answer.status_code for answer in answers] == [200] * 20
    for answer in answers:
        next_pair(user, answer.json()["refreshToken"])


def test_a_family_has_few_live_tokens_however_often_they_are_shown(user: Client, database: Mongo) -> None:
    """Whoever comes too often within the 10 s gets one that somebody has, which is good."""
    token = user.tokens["refreshToken"]

    def live() -> set[str]:
        return {t["jti"] for t in family_of(database, token)["tokens"] if "spentAt" not in t}

    shown = [next_pair(user, token)["refreshToken"] for _ in range(MAX_LIVE + 4)]
    assert live() == {claims_of(successor)["jti"] for successor in shown}
    assert len(live()) == MAX_LIVE

    for successor in shown:
        for _ in range(2):
            assert claims_of(next_pair(user, successor)["refreshToken"])["jti"] in live()
    assert len(live()) == MAX_LIVE


def test_a_familys_end_moves_with_each_refresh(user: Client, database: Mongo) -> None:
    token, soon = user.tokens["refreshToken"], datetime.now(UTC) + timedelta(hours=1)
    database["tokenfamilies"].update_one({"_id": claims_of(token)["fam"]}, {"$set": {"expiresAt": soon}})

    successor = claims_of(next_pair(user, token)["refreshToken"])

    family = family_of(database, token)
    assert abs(family["expiresAt"].timestamp() - successor["exp"]) < 60
    assert family["tokens"][-1]["expiresAt"] == family["expiresAt"]


def test_the_10_seconds_begin_when_the_token_is_first_shown(user: Client, database: Mongo) -> None:
    token = user.tokens["refreshToken"]
    next_pair(user, token)
    let_time_pass(database, token, 5)
    next_pair(user, token)

    (spent,) = [t for t in family_of(database, token)["tokens"] if t["jti"] == claims_of(token)["jti"]]
    let_time_pass(database, token, (datetime.now(UTC) - spent["spentAt"]).total_seconds() + 6)

    expect_problem(refresh(user, token), 401, "token_invalid")


def test_a_family_revoked_while_it_is_refreshed_stays_revoked(user: Client, api: str) -> None:
    for _ in range(5):
        token = user.login().tokens["refreshToken"]
        tries = [lambda token=token: refresh(Client(api), token) for _ in range(6)]
        leave = [lambda token=token: refresh(Client(api), token, route="logout")]

        *answers, left = together(tries + leave)

        assert left.status_code == 204
        for answer in answers:
            assert answer.status_code in (200, 401), answer.text
            if answer.status_code == 200:
                expect_problem(refresh(user, answer.json()["refreshToken"]), 401, "token_invalid")
