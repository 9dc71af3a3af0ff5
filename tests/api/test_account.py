"""/api/auth/me and /password: one's own account, another password, and the end of an account."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from bson import ObjectId

from tests.api.conftest import Mongo, StartApi
from tests.api.refreshing import next_pair, refresh, wait_until_refused
from tests.support.client import PASSWORD, Client, expect_problem
from tests.support.node_accounts import node_token, node_user
from tests.support.node_app import node_order
from tests.support.waiting import wait_for

NEW = "battery staple"


def change(client: Client, current: str = PASSWORD, new: str = NEW) -> int:
    answer = client.post("/api/auth/password", {"currentPassword": current, "newPassword": new})
    return answer.status_code


def log_in(client: Client, password: str) -> int:
    body = {"email": client.email, "password": password}
    return client.post("/api/auth/login", body, token="").status_code


def test_users_see_their_own_account_and_no_password(user: Client, database: Mongo) -> None:
    stored = database["users"].find_one({"_id": ObjectId(user.user_id)}) or {}

    shown = user.get("/api/auth/me").json()

    assert shown.pop("createdAt") == stored["createdAt"].strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    assert shown == {"userId": user.user_id, "email": user.email}


def test_an_admin_sees_the_role(admin: Client) -> None:
    assert admin.get("/api/auth/me").json()["role"] == "admin"


@pytest.mark.parametrize("fields", [{}, {"createdAt": None}, {"role": None}])
def test_an_account_of_the_node_app_is_shown_too(
    anyone: Client, database: Mongo, settings: Mapping[str, str], fields: dict[str, None]
) -> None:
    """mongoose wrote the time; where it is missing, the id tells when it was made."""
    account = node_user(f"Carl.{uuid4().hex}@Example.com", PASSWORD, 4)
    stored = {name: value for name, value in {**account, **fields}.items() if value is not None}
    database["users"].insert_one(stored)

    answer = anyone.get("/api/auth/me", token=node_token(settings["JWT_SECRET"], str(account["_id"])))

    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["userId"], shown["email"]) == (str(account["_id"]), account["email"])
    assert abs(datetime.fromisoformat(shown["createdAt"]) - datetime.now(UTC)).total_seconds() < 3600


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/auth/me"), ("POST", "/api/auth/password")])
def test_a_token_of_nobody_is_not_valid(
    anyone: Client, settings: Mapping[str, str], method: str, path: str
) -> None:
    token = node_token(settings["JWT_SECRET"], str(ObjectId()))
    body = {"currentPassword": PASSWORD, "newPassword": NEW} if method == "POST" else None

    expect_problem(anyone.send(method, path, token=token, json=body), 401, "token_invalid")


def test_a_new_password_holds_at_once_and_ends_all_logins(user: Client) -> None:
    first = user.tokens["refreshToken"]
    elsewhere = user.login().tokens["refreshToken"]

    answer = user.post("/api/auth/password", {"currentPassword": PASSWORD, "newPassword": NEW})

    assert (answer.status_code, answer.content) == (204, b"")
    assert (log_in(user, PASSWORD), log_in(user, NEW)) == (401, 200)
    for token in (first, elsewhere):
        expect_problem(refresh(user, token), 401, "token_invalid")
    wait_until_refused(user, user.tokens["token"])
    next_pair(user, user.login(NEW).tokens["refreshToken"])


def test_nobody_elses_login_ends_with_it(user: Client, api: str) -> None:
    other = Client(api).register()

    assert change(user) == 204

    next_pair(other, other.tokens["refreshToken"])


def test_a_wrong_current_password_changes_nothing_and_the_token_stays_good(user: Client) -> None:
    body = {"currentPassword": "wrong horse", "newPassword": NEW}

    problem = expect_problem(user.post("/api/auth/password", body), 401, "invalid_credentials")

    assert "currentPassword" in problem["detail"] and "token is good" in problem["detail"]
    assert (log_in(user, NEW), log_in(user, PASSWORD)) == (401, 200)
    assert user.get("/api/auth/me").status_code == 200
    next_pair(user, user.tokens["refreshToken"])


@pytest.mark.parametrize("new", ["short", "x" * 73, "ü" * 37])
def test_a_new_password_is_checked_as_at_the_registration(user: Client, new: str) -> None:
    body = {"currentPassword": PASSWORD, "newPassword": new}

    problem = expect_problem(user.post("/api/auth/password", body), 400, "validation_error")

    assert [row["field"] for row in problem["errors"]] == ["newPassword"]


def test_a_password_of_the_node_app_can_be_changed(anyone: Client, database: Mongo) -> None:
    long = "x" * 80  # which bcryptjs cut
    account = node_user(f"{uuid4().hex}@example.com", long, 4)
    database["users"].insert_one(account)
    anyone.email = account["email"]
    anyone.login(long)

    assert change(anyone, long) == 204

    assert log_in(anyone, NEW) == 200


def test_whoever_deletes_the_account_is_gone(user: Client, database: Mongo) -> None:
    refresh_token = user.tokens["refreshToken"]

    answer = user.delete("/api/auth/me", {"password": PASSWORD})

    assert (answer.status_code, answer.content) == (204, b"")
    assert log_in(user, PASSWORD) == 401
    expect_problem(refresh(user, refresh_token), 401, "token_invalid")
    for name in database.list_collection_names():
        assert user.email not in str(list(database[name].find())), name


def test_a_wrong_password_deletes_nothing(user: Client) -> None:
    problem = expect_problem(
        user.delete("/api/auth/me", {"password": "wrong horse"}), 401, "invalid_credentials"
    )

    assert "token is good" in problem["detail"]
    assert log_in(user, PASSWORD) == 200
    next_pair(user, user.tokens["refreshToken"])


def test_access_tokens_of_a_deleted_user_stop_in_every_process(user: Client, start_api: StartApi) -> None:
    """In the one that deleted the user at once, in the others within a second or so."""
    token = user.tokens["token"]
    with start_api("one-more") as base, start_api("another") as other:
        first, second = Client(base), Client(other)
        assert second.get("/api/orders", token=token).status_code == 200

        assert first.delete("/api/auth/me", {"password": PASSWORD}, token=token).status_code == 204

        expect_problem(first.get("/api/orders", token=token), 401, "token_invalid")
        wait_for(lambda: second.get("/api/orders", token=token).status_code == 401, "the token to end")
        for path in ("/api/auth/me", "/api/orders", "/api/orders/x"):
            problem = expect_problem(second.get(path, token=token), 401, "token_invalid")
        assert "does not exist any more" in problem["detail"]
    with start_api("started-later") as base:
        expect_problem(Client(base).get("/api/orders", token=token), 401, "token_invalid")


def test_access_tokens_of_an_earlier_password_stop_in_every_process(
    user: Client, start_api: StartApi, settings: Mapping[str, str]
) -> None:
    """Those of all logins. The Node app's, which name none, live out their hour."""
    first = user.tokens["token"]
    second = user.login().tokens["token"]
    refreshed = next_pair(user, user.tokens["refreshToken"])["token"]
    node = node_token(settings["JWT_SECRET"], user.user_id)
    with start_api("one-more") as base, start_api("another") as other:
        user.base, elsewhere = base, Client(other)

        assert change(user) == 204

        for token in (first, second, refreshed):
            problem = expect_problem(user.get("/api/auth/me", token=token), 401, "token_invalid")
            assert "Log in again" in problem["detail"]
            wait_until_refused(elsewhere, token)
        for client in (user, elsewhere):
            client.email = user.email
            assert client.login(NEW).get("/api/auth/me").status_code == 200
            assert client.get("/api/auth/me", token=node).status_code == 200
            next_pair(client, client.tokens["refreshToken"])


def test_a_node_token_of_a_deleted_user_stops_too(user: Client, settings: Mapping[str, str]) -> None:
    token = node_token(settings["JWT_SECRET"], user.user_id)
    user.delete("/api/auth/me", {"password": PASSWORD})

    wait_for(lambda: user.get("/api/orders", token=token).status_code == 401, "the token to end")


def test_an_ended_subject_is_forgotten_once_its_tokens_have_expired(user: Client, database: Mongo) -> None:
    """The TTL index deletes it. The Node app's tokens live an hour, whatever is set here."""
    user.delete("/api/auth/me", {"password": PASSWORD})

    ended = database["endedtokens"].find_one({"_id": user.user_id}) or {}

    assert 3600 < (ended["expiresAt"] - ended["at"]).total_seconds() < 3700
    ttl = [i for i in database["endedtokens"].list_indexes() if "expireAfterSeconds" in i]
    assert [(list(index["key"]), index["expireAfterSeconds"]) for index in ttl] == [(["expiresAt"], 0)]


def test_the_address_can_be_registered_again_and_is_somebody_else(
    user: Client, api: str, database: Mongo
) -> None:
    old_order = node_order(user.user_id, status="Processed")
    database["orders"].insert_one(old_order)
    database["users"].update_one({"email": user.email}, {"$set": {"role": "admin"}})
    user.delete("/api/auth/me", {"password": PASSWORD})

    again = Client(api).register(user.email)

    assert again.user_id != user.user_id
    assert again.get("/api/orders").json()["data"] == []
    expect_problem(again.get(f"/api/orders/{old_order['_id']}"), 404, "order_not_found")
    assert "role" not in again.get("/api/auth/me").json()
