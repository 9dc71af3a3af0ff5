"""POST /api/auth/login, with accounts of this app and of the Node app."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import bcrypt
import pytest

from tests.api.conftest import Mongo, StartApi
from tests.support.client import PASSWORD, Client, expect_problem
from tests.support.node_accounts import node_user

# Above the 4 of the other tests, and enough for a hash to outweigh all else in a login.
COST = 10


@pytest.fixture(scope="module")
def costly(start_api: StartApi) -> Iterator[Client]:
    """A client of an API that wants stronger hashes."""
    with start_api("costly", BCRYPT_COST=str(COST)) as base:
        yield Client(base)


def log_in(client: Client, email: str, password: str = PASSWORD, **options: object) -> tuple[int, str]:
    """Status and body."""
    body = {"email": email, "password": password}
    answer = client.post("/api/auth/login", body, token="", **options)
    return answer.status_code, answer.text


def some_address() -> str:
    return f"{uuid4().hex}@example.com"


def test_a_login_answers_with_a_pair_of_tokens(user: Client) -> None:
    assert set(user.tokens) == {"token", "refreshToken", "tokenType", "expiresIn"}
    assert (user.tokens["tokenType"], user.tokens["expiresIn"]) == ("Bearer", 3600)
    assert user.get("/api/orders").status_code == 200


def test_unknown_and_wrong_are_answered_alike(user: Client) -> None:
    def answer_to(email: str) -> tuple[dict[str, str], str]:
        body = {"email": email, "password": "wrong horse"}
        answer = user.post("/api/auth/login", body, token="", headers={"X-Request-Id": "same"})
        expect_problem(answer, 401, "invalid_credentials")
        headers = {name: value for name, value in answer.headers.items() if name != "Date"}
        return headers, answer.text

    assert answer_to(user.email) == answer_to(some_address())


def test_unknown_wrong_and_weakly_hashed_take_the_same_time(costly: Client, database: Mongo) -> None:
    strong, weak = node_user(some_address(), PASSWORD, COST), node_user(some_address(), PASSWORD, 4)
    database["users"].insert_many([strong, weak])

    def seconds(email: str) -> float:
        """The quickest of some tries: what else the machine does only adds to it."""
        times = []
        for _ in range(5):
            start = time.perf_counter()
            assert log_in(costly, email, "wrong horse")[0] == 401
            times.append(time.perf_counter() - start)
        return min(times)

    known = seconds(strong["email"])
    assert 1 / 3 < seconds(some_address()) / known < 3
    assert 1 / 3 < seconds(weak["email"]) / known < 3


@pytest.mark.parametrize("prefix", ["$2b$10$", "$2a$10$"])
def test_an_account_of_the_node_app_logs_in(anyone: Client, database: Mongo, prefix: str) -> None:
    account = node_user(some_address(), PASSWORD)
    account["password"] = prefix + account["password"][7:]
    database["users"].insert_one(account)

    anyone.email = account["email"]
    anyone.login()

    assert anyone.get("/api/orders").json()["data"] == []
    assert database["users"].find_one({"_id": account["_id"]}) == account, "a strong hash stays as it is"


def test_a_short_password_or_odd_address_of_the_node_app_logs_in(anyone: Client, database: Mongo) -> None:
    account = node_user(f"root-{uuid4().hex}", "abc", 4)
    database["users"].insert_one(account)

    assert log_in(anyone, account["email"], "abc")[0] == 200


@pytest.mark.parametrize("password", [{}, {"password": None}, {"password": 7}, {"password": "no hash"}])
def test_an_account_that_another_program_left_without_a_hash_lets_nobody_in(
    anyone: Client, database: Mongo, password: dict[str, Any]
) -> None:
    account = node_user(some_address(), PASSWORD, 4)
    del account["password"]
    database["users"].insert_one({**account, **password})

    assert log_in(anyone, account["email"])[0] == 401


def test_of_a_longer_password_72_bytes_count_as_in_the_node_app(anyone: Client, database: Mongo) -> None:
    account = node_user(some_address(), "x" * 71 + "üyz", 4)  # cut in the middle of a character
    database["users"].insert_one(account)

    assert log_in(anyone, account["email"], "x" * 71 + "üyz")[0] == 200
    assert log_in(anyone, account["email"], "x" * 71)[0] == 401


def test_a_weaker_hash_is_renewed_at_login_and_only_then(costly: Client, database: Mongo) -> None:
    account = node_user(some_address(), PASSWORD, 4)
    database["users"].insert_one(account)

    def stored() -> str:
        found = database["users"].find_one({"_id": account["_id"]})
        return str(found["password"]) if found else ""

    assert log_in(costly, account["email"], "wrong horse")[0] == 401
    assert stored() == account["password"]
    assert log_in(costly, account["email"])[0] == 200
    renewed = stored()
    assert renewed.startswith(f"$2b${COST}$")
    assert bcrypt.checkpw(PASSWORD.encode(), renewed.encode())
    assert log_in(costly, account["email"])[0] == 200
    assert stored() == renewed


@pytest.mark.parametrize("damaged", ["", "plain text", "$2b$10$tooshort", "$2b$99$" + "a" * 53, "$2b$", "ü"])
def test_a_damaged_hash_is_a_wrong_password(anyone: Client, database: Mongo, damaged: str) -> None:
    account = {**node_user(some_address(), PASSWORD, 4), "password": damaged}
    database["users"].insert_one(account)

    assert log_in(anyone, account["email"])[0] == 401
    assert log_in(anyone, account["email"], damaged or "x")[0] == 401
