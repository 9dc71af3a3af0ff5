"""Addresses that differ in case: the Node app stored them as they were typed, and let twins in.

Most of it twice: with the unique index without case, and on a database where twins keep it from being made.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from flask import Flask
from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError
from pymongo.monitoring import CommandListener

from models import user as user_model
from models.known_indexes import KnownIndexes
from tests.api.conftest import Mongo, StartApi
from tests.api.test_login import log_in
from tests.support.client import PASSWORD, Client, expect_problem
from tests.support.collections import users
from tests.support.node_accounts import node_user
from tests.support.replaced import bound_to, replace_for_test
from tests.support.together import together


class Shop:
    """An API and its database."""

    def __init__(self, base: str, database: Mongo) -> None:
        self.client, self.database = Client(base), database

    def node_writes(self, email: str, password: str = PASSWORD) -> dict[str, Any]:
        account = node_user(email, password, 4)
        self.database["users"].insert_one(account)
        return account

    def register(self, email: str) -> Any:
        return Client(self.client.base).post("/api/auth/register", {"email": email, "password": PASSWORD})


@pytest.fixture(scope="session")
def other_uri(settings: Mapping[str, str]) -> Iterator[str]:
    """A database without any index but the one that mongoose makes."""
    uri = urlunsplit(urlsplit(settings["MONGO_URI"])._replace(path=f"/twins_{uuid4().hex[:12]}"))
    with MongoClient[dict[str, Any]](uri) as client:
        client.get_default_database()["users"].create_index("email", unique=True)
        yield uri
        client.drop_database(client.get_default_database().name)


@pytest.fixture(scope="module")
def with_twins(start_api: StartApi, other_uri: str) -> Iterator[Shop]:
    with start_api("twins", MONGO_URI=other_uri) as base, MongoClient[dict[str, Any]](other_uri) as client:
        yield Shop(base, client.get_default_database())


@pytest.fixture
def without_twins(api: str, database: Mongo) -> Shop:
    return Shop(api, database)


@pytest.fixture(params=["without_twins", "with_twins"])
def shop(request: pytest.FixtureRequest) -> Shop:
    found: Shop = request.getfixturevalue(request.param)
    return found


def test_an_address_of_the_node_app_logs_in_however_it_is_typed(shop: Shop) -> None:
    name = uuid4().hex
    shop.node_writes(f"{name}.Carl@Example.com")

    for typed in (f"{name}.Carl@Example.com", f"{name}.carl@example.com", f"{name.upper()}.CARL@EXAMPLE.COM"):
        assert log_in(shop.client, typed)[0] == 200, typed
        assert log_in(shop.client, typed, "wrong horse")[0] == 401, typed
    assert log_in(shop.client, f"{name}.karl@example.com")[0] == 401


def test_no_second_account_is_registered_beside_it(shop: Shop) -> None:
    name = uuid4().hex
    shop.node_writes(f"{name}.Carl@Example.com")

    for typed in (f"{name}.Carl@Example.com", f"{name}.carl@example.com", f"{name}.CARL@example.com"):
        expect_problem(shop.register(typed), 409, "email_taken")


def test_letters_that_are_not_the_same_in_lower_case_are_another_address(shop: Shop) -> None:
    name = uuid4().hex
    shop.node_writes(f"{name}.stra\u00dfe@example.com")

    assert log_in(shop.client, f"{name}.STRASSE@example.com")[0] == 401
    assert log_in(shop.client, f"{name}.stra\u200b\u00dfe@example.com")[0] == 401, (
        "of no width, and not there"
    )


def test_of_all_who_write_one_address_at_once_one_has_it(without_twins: Shop) -> None:
    """Whether they register here or write as the Node app does."""
    name = uuid4().hex
    spellings = [f"{name}.{part}@example.com" for part in ("carl", "Carl", "CARL", "cArL")]

    def write(email: str) -> bool:
        try:
            without_twins.node_writes(email)
        except DuplicateKeyError:
            return False
        return True

    def register(email: str) -> bool:
        answer = without_twins.register(email)
        if answer.status_code != 201:
            expect_problem(answer, 409, "email_taken")
        return bool(answer.status_code == 201)

    actions: list[Callable[[], bool]] = [partial(write, email) for email in spellings]
    actions += [partial(register, email) for email in spellings]
    assert sum(together(actions)) == 1


def test_of_twins_the_one_that_is_spelt_so_logs_in(with_twins: Shop) -> None:
    name = uuid4().hex
    upper = with_twins.node_writes(f"{name}.ANNA@example.com", "upper password")["email"]
    lower = with_twins.node_writes(f"{name}.anna@example.com", "lower password")["email"]

    assert log_in(with_twins.client, upper, "upper password")[0] == 200
    assert log_in(with_twins.client, lower, "lower password")[0] == 200
    assert log_in(with_twins.client, upper, "lower password")[0] == 401
    assert log_in(with_twins.client, lower, "upper password")[0] == 401


def test_of_twins_that_are_spelt_otherwise_the_lower_case_one_logs_in_and_else_the_first(
    with_twins: Shop,
) -> None:
    name = uuid4().hex
    with_twins.node_writes(f"{name}.Anna@example.com", "first password")
    with_twins.node_writes(f"{name}.ANNA@example.com", "second password")

    typed = f"{name}.aNNa@example.com"
    assert log_in(with_twins.client, typed, "first password")[0] == 200
    assert log_in(with_twins.client, typed, "second password")[0] == 401

    with_twins.node_writes(f"{name}.anna@example.com", "third password")
    assert log_in(with_twins.client, typed, "third password")[0] == 200


class Finds(CommandListener):
    """The finds that are sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def started(self, event: Any) -> None:
        if event.command_name == "find":
            self.sent.append(dict(event.command))

    def succeeded(self, event: Any) -> None:
        """Of no interest."""

    def failed(self, event: Any) -> None:
        """Of no interest."""


@pytest.fixture
def finds(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], list[bool]]:
    """`finds(uri, email)`: for each find of a look-up, whether it is without case."""

    def look_up(uri: str, email: str) -> list[bool]:
        replace_for_test(monkeypatch, app, known_indexes=KnownIndexes())
        listener = Finds()
        with (
            MongoClient[dict[str, Any]](uri, event_listeners=[listener]) as client,
            bound_to(client, client.get_default_database()),
        ):
            user_model.find_by_email(email)
        return ["collation" in find for find in listener.sent]

    return look_up


def test_with_the_index_a_look_up_is_one_find_whether_the_account_exists_or_not(
    finds: Callable[[str, str], list[bool]], settings: Mapping[str, str], user: Client
) -> None:
    """Else the time would tell; and it goes through the index."""
    for email in (user.email, user.email.upper(), f"{uuid4().hex}@example.com"):
        assert finds(settings["MONGO_URI"], email) == [True]


def test_the_look_up_uses_the_index(app: Flask, user: Client) -> None:
    found = users().find({"email": user.email.upper()}, collation=user_model.WITHOUT_CASE)
    assert "email_folded" in str(found.explain()["queryPlanner"]["winningPlan"])


def test_without_the_index_usual_spellings_need_no_reading_of_all_users(
    finds: Callable[[str, str], list[bool]], other_uri: str, with_twins: Shop
) -> None:
    name = uuid4().hex
    with_twins.node_writes(f"{name}.Carl@example.com")
    with_twins.node_writes(f"{name}.anna@example.com")

    assert finds(other_uri, f"{name}.Carl@example.com") == [False]
    assert finds(other_uri, f"{name}.ANNA@example.com") == [False]
    assert finds(other_uri, f"{name}.carl@example.com") == [False, True]
