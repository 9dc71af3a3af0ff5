"""POST /api/auth/register."""

from uuid import uuid4

import pytest

from tests.api.conftest import Mongo
from tests.support.client import PASSWORD, Client, expect_problem
from tests.support.node_accounts import node_user
from tests.support.together import together


def test_a_new_user_is_answered_with_their_id(anyone: Client, database: Mongo) -> None:
    email = f"{uuid4().hex}@example.com"

    answer = anyone.post("/api/auth/register", {"email": email, "password": PASSWORD})

    assert answer.status_code == 201
    stored = database["users"].find_one({"email": email})
    assert stored is not None
    assert answer.json() == {"message": "User registered successfully", "userId": str(stored["_id"])}


def test_the_password_is_stored_as_a_hash_that_the_node_app_reads(user: Client, database: Mongo) -> None:
    stored = database["users"].find_one({"email": user.email})

    assert stored is not None
    assert stored["password"].startswith("$2b$04$")
    assert PASSWORD not in repr(stored)
    assert stored["createdAt"] == stored["updatedAt"]


def test_addresses_are_stored_and_compared_in_lower_case(anyone: Client, database: Mongo) -> None:
    name = uuid4().hex
    anyone.register(f"{name}.Mixed@Example.COM")

    assert database["users"].count_documents({"email": f"{name}.mixed@example.com"}) == 1
    anyone.email = f"{name}.MIXED@example.com"
    anyone.login()
    twin = {"email": f"{name}.mIXED@eXAMPLE.com", "password": PASSWORD}
    expect_problem(anyone.post("/api/auth/register", twin), 409, "email_taken")


def test_an_address_registers_once_however_many_try_at_once(api: str) -> None:
    body = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}

    answers = together([lambda: Client(api).post("/api/auth/register", body)] * 8)

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    for answer in answers:
        if answer.status_code == 409:
            expect_problem(answer, 409, "email_taken")


@pytest.mark.parametrize(
    "password",
    ["12345678", "x" * 72, "ü" * 36, "🐴" * 8, "  spaces stay  "],
    ids=["8 characters", "72 bytes", "36 of two bytes", "8 of four bytes", "spaces around"],
)
def test_a_password_of_8_characters_to_72_bytes_registers_and_logs_in(anyone: Client, password: str) -> None:
    anyone.register(password=password)

    body = {"email": anyone.email, "password": "?" + password.strip()}
    expect_problem(anyone.post("/api/auth/login", body, token=""), 401, "invalid_credentials")


@pytest.mark.parametrize(
    "password",
    ["", "1234567", "🐴" * 7, "x" * 73, "ü" * 37],
    ids=["empty", "7 characters", "7 of four bytes", "73 bytes", "37 of two bytes"],
)
def test_a_password_that_is_too_short_or_too_long_is_refused(anyone: Client, password: str) -> None:
    body = {"email": f"{uuid4().hex}@example.com", "password": password}

    problem = expect_problem(anyone.post("/api/auth/register", body), 400, "validation_error")

    assert [row["field"] for row in problem["errors"]] == ["password"]


@pytest.mark.parametrize(
    "email",
    [
        "",
        "anna",
        "anna@",
        "@example.com",
        "anna@example",
        "anna lena@example.com",
        "anna@example.com\n",
        " anna@example.com",
        "anna@exa mple.com",
        "anna@example.com, bert@example.com",
        f"{'a' * 250}@example.com",
    ],
)
def test_what_is_no_address_is_refused(anyone: Client, email: str) -> None:
    body = {"email": email, "password": PASSWORD}

    problem = expect_problem(anyone.post("/api/auth/register", body), 400, "validation_error")

    assert {row["field"] for row in problem["errors"]} == {"email"}


@pytest.mark.parametrize(
    "email",
    [
        "ünal@example.com",
        "anna@bücher.example",
        "anna@例え.example",
        "anna\u200b@example.com",
        "\u212aarl@example.com",
        "anna@ⓔxample.com",
        "anna@example。com",
    ],
)
def test_an_address_that_ses_would_refuse_is_refused_at_once(anyone: Client, email: str) -> None:
    """Not ASCII, or only nearly: a Kelvin sign, a letter in a circle, an ideographic full stop."""
    body = {"email": email, "password": PASSWORD}

    problem = expect_problem(anyone.post("/api/auth/register", body), 400, "validation_error")

    assert {row["field"] for row in problem["errors"]} == {"email"}
    first = problem["errors"][0]["message"]
    assert "ASCII" in first and "xn--bcher-kva.example" in first


def test_a_domain_in_its_ascii_form_registers_and_logs_in(anyone: Client) -> None:
    anyone.register(f"{uuid4().hex}@xn--bcher-kva.example")


@pytest.mark.parametrize("email", ["{}.ünal@example.com", "{}@bücher.example"])
def test_an_account_of_the_node_app_with_such_an_address_still_logs_in(
    anyone: Client, database: Mongo, email: str
) -> None:
    account = node_user(email.format(uuid4().hex), PASSWORD, 4)
    database["users"].insert_one(account)
    anyone.email = account["email"]

    assert anyone.login().get("/api/auth/me").json()["email"] == account["email"]


def test_all_faults_are_told_at_once(anyone: Client) -> None:
    body = {"email": "anna", "password": "short", "name": "Anna"}

    problem = expect_problem(anyone.post("/api/auth/register", body), 400, "validation_error")

    assert {row["field"] for row in problem["errors"]} == {"email", "password", "name"}
    assert all(row["message"] for row in problem["errors"])


def test_nobody_registers_as_an_admin(anyone: Client) -> None:
    body = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD, "role": "admin"}

    problem = expect_problem(anyone.post("/api/auth/register", body), 400, "validation_error")

    assert [row["field"] for row in problem["errors"]] == ["role"]


def test_the_auth_routes_say_that_they_are_there(anyone: Client) -> None:
    answer = anyone.get("/api/auth/test")

    assert (answer.status_code, answer.json()) == (200, {"message": "Auth routes working!"})
