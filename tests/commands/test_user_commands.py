"""`flask users list | promote | demote | set-password`."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from bson import ObjectId

from tests.commands.conftest import Flasks, Run
from tests.support.client import PASSWORD, Client
from tests.support.collections import users
from tests.support.node_accounts import node_user
from tests.support.waiting import wait_for

Newest = Callable[..., dict[str, Any]]
NEW_PASSWORD = "battery staple"


@pytest.fixture
def newest(app: object) -> Iterator[Newest]:
    """Puts accounts into the database, each newer than all before it, for as long as the test takes."""
    made: list[ObjectId] = []

    def put(**fields: Any) -> dict[str, Any]:
        account = {"_id": ObjectId(f"{0xF0000000 + len(made):x}{'0' * 16}"), **fields}
        made.append(account["_id"])
        users().insert_one(account)
        return account

    yield put
    users().delete_many({"_id": {"$in": made}})


def test_accounts_are_listed_newest_first_with_their_roles(run: Run, newest: Newest) -> None:
    mark = uuid4().hex
    newest(email=f"older-{mark}@example.com", role="admin")
    newer = newest(email=f"newer-{mark}@example.com", createdAt=datetime(2026, 11, 25, 10, 0, 5, tzinfo=UTC))

    head, first, second = run("users", "list", "--email", mark).output.splitlines()

    assert head.split() == ["EMAIL", "ROLE", "REGISTERED", "(UTC)", "USER", "ID"]
    assert first.split() == [newer["email"], "user", "2026-11-25", "10:00:05", str(newer["_id"])]
    assert second.split()[:3] == [f"older-{mark}@example.com", "admin", "-"]


def test_accounts_are_found_by_a_part_of_their_address_in_any_case(run: Run, user: Client) -> None:
    part = user.email[3:20].upper()

    result = run("users", "list", "--email", part, "--json")

    (found,) = map(json.loads, result.output.splitlines())
    assert (found["_id"], found["email"]) == (user.user_id, user.email)
    assert "." in user.email and "No accounts." in run("users", "list", "--email", f"{part}.*").output


def test_a_list_of_accounts_tells_that_there_are_more(run: Run, newest: Newest) -> None:
    mark = uuid4().hex
    for number in range(3):
        newest(email=f"{number}-{mark}@example.com")

    first = run("users", "list", "--email", mark, "--limit", "2")
    all_of_them = run("users", "list", "--email", mark, "--limit", "3")

    assert len(first.stdout.splitlines()) == 1 + 2
    assert first.stderr == "There are more than these 2: --limit shows up to 10000.\n"
    assert (len(all_of_them.stdout.splitlines()), all_of_them.stderr) == (1 + 3, "")


def test_nothing_secret_is_printed(run: Run, user: Client) -> None:
    printed = run("users", "list", "--email", user.email, "--json").output

    assert set(json.loads(printed)) == {"_id", "email", "createdAt", "updatedAt"}


def test_odd_accounts_are_listed_as_they_are(run: Run, newest: Newest) -> None:
    without = newest(refreshToken="x", email=None)
    mark = uuid4().hex
    newest(email=f"{mark}@x\x1b[31m", role=7, createdAt="once", password=None)

    result = run("users", "list", "--limit", "2")
    as_json = run("users", "list", "--limit", "2", "--json")

    assert (result.exit_code, as_json.exit_code) == (0, 0)
    assert [line.split()[:4] for line in result.stdout.splitlines()[1:]] == [
        [rf"{mark}@x\x1b[31m", "7", "once", f"{0xF0000001:x}{'0' * 16}"],
        ["-", "user", "-", str(without["_id"])],
    ]


def test_a_demoted_admin_may_not_set_stock_any_more(
    run: Run, user: Client, product: Callable[..., str]
) -> None:
    name = product(1)
    run("users", "promote", user.email)
    assert user.put(f"/api/inventory/{name}", {"stock": 2}).status_code == 200

    result = run("users", "demote", user.email.upper())

    assert (result.exit_code, result.output) == (0, f"{user.email.upper()} is no admin now.\n")
    assert user.put(f"/api/inventory/{name}", {"stock": 3}).status_code == 403


@pytest.mark.parametrize(
    "command", [["demote"], ["promote"], ["set-password", "--password-stdin"]], ids=lambda c: str(c[0])
)
def test_nothing_can_be_done_to_an_account_that_is_not_there(run: Run, command: list[str]) -> None:
    result = run("users", *command, "nobody@example.com", typed=f"{NEW_PASSWORD}\n")

    assert result.exit_code == 1
    assert "Nobody is registered as nobody@example.com." in result.output


def is_logged_out(client: Client) -> bool:
    return client.get("/api/auth/me").status_code == 401


def test_a_new_password_ends_the_old_one_and_all_logins(run: Run, user: Client) -> None:
    elsewhere = Client(user.base)
    elsewhere.email = user.email
    elsewhere.login()

    result = run("users", "set-password", user.email, typed=f"{NEW_PASSWORD}\n{NEW_PASSWORD}\n")

    assert result.exit_code == 0
    assert f"{user.email} has a new password" in result.output
    assert NEW_PASSWORD not in result.output
    for client in (user, elsewhere):
        wait_for(partial(is_logged_out, client), "its token to end")
    for client in (user, elsewhere):
        refreshed = client.post(
            "/api/auth/refresh", {"refreshToken": client.tokens["refreshToken"]}, token=""
        )
        assert refreshed.status_code == 401
    old = user.post("/api/auth/login", {"email": user.email, "password": PASSWORD}, token="")
    assert old.status_code == 401
    user.login(NEW_PASSWORD)


def test_a_password_typed_differently_the_second_time_is_asked_for_again(run: Run, user: Client) -> None:
    typed = f"{NEW_PASSWORD}\nbattery stable\n{NEW_PASSWORD}\n{NEW_PASSWORD}\n"

    result = run("users", "set-password", user.email, typed=typed)

    assert "do not match" in result.output
    user.login(NEW_PASSWORD)


@pytest.mark.parametrize(
    ("password", "advice"),
    [
        ("short", "at least 8 characters"),
        ("ä" * 37, "at most 72 bytes"),
        ("", "at least 8"),
        ("password\0", "NUL"),
    ],
)
def test_the_rules_are_those_of_registration(run: Run, user: Client, password: str, advice: str) -> None:
    result = run("users", "set-password", user.email, "--password-stdin", typed=f"{password}\n")

    assert result.exit_code == 1
    assert advice in result.output
    user.login(PASSWORD)


def test_a_script_gives_the_password_on_standard_input(flask: Flasks, user: Client) -> None:
    result = flask("users", "set-password", user.email, "--password-stdin", typed=f"{NEW_PASSWORD}\n")

    assert (result.returncode, result.stderr) == (0, "")
    user.login(NEW_PASSWORD)


def test_where_no_terminal_is_there_nobody_is_asked(flask: Flasks, user: Client) -> None:
    result = flask("users", "set-password", user.email, typed=f"{NEW_PASSWORD}\n{NEW_PASSWORD}\n")

    assert (result.returncode, result.stderr) == (1, "Error: No terminal to ask on. Use --password-stdin.\n")
    user.login(PASSWORD)


def test_an_account_of_the_node_app_is_found_in_any_case(run: Run, anyone: Client) -> None:
    account = node_user(f"Carl.{ObjectId()}@Example.com", PASSWORD)
    users().insert_one(account)

    result = run("users", "set-password", account["email"], "--password-stdin", typed=f"{NEW_PASSWORD}\r\n")

    assert result.exit_code == 0
    anyone.email = account["email"]
    anyone.login(NEW_PASSWORD)


@pytest.mark.parametrize("epoch", [{}, {"tokenEpoch": "odd"}, {"tokenEpoch": 3}], ids=str)
def test_an_account_that_another_program_left_without_a_password_gets_one(
    run: Run, newest: Newest, anyone: Client, epoch: dict[str, Any]
) -> None:
    email = newest(email=f"{uuid4().hex}@example.com", **epoch)["email"]

    result = run("users", "set-password", email, "--password-stdin", typed=f"{NEW_PASSWORD}\n")

    assert result.exit_code == 0, result.output
    credentials = {"email": email, "password": NEW_PASSWORD}
    assert anyone.post("/api/auth/login", credentials).status_code == 200
