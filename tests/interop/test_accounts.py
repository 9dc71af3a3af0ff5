"""Users and tokens of a Node deployment work here, and ours there."""

from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.interop.conftest import Pair
from tests.support.client import PASSWORD, Client, expect_problem


def credentials(email: str = "") -> dict[str, str]:
    return {"email": email or f"{uuid4().hex}@Example.com", "password": PASSWORD}


def ask(base: str, path: str, body: Any = None, token: str = "") -> requests.Response:
    """POST with a body, GET without one."""
    method, headers = "GET" if body is None else "POST", {"Authorization": f"Bearer {token}"} if token else {}
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, base + path, json=body, headers=headers, timeout=60)


def registered_at_node(pair: Pair, email: str = "") -> dict[str, str]:
    account = credentials(email)
    assert ask(pair.node, "/api/auth/register", account).status_code == 201
    return account


def test_who_registered_at_node_logs_in_here_under_the_same_id(pair: Pair) -> None:
    account = registered_at_node(pair)
    there = ask(pair.node, "/api/auth/login", account).json()["token"]

    here = ask(pair.python, "/api/auth/login", account)

    assert here.status_code == 200, here.text
    user_id = pair.hand.do("verify", kind="access", token=there)["userId"]
    assert ask(pair.python, "/api/auth/me", token=here.json()["token"]).json()["userId"] == user_id


def test_who_registered_here_logs_in_at_node(pair: Pair) -> None:
    user = pair.customer()

    answer = ask(pair.node, "/api/auth/login", credentials(user.email))

    assert answer.status_code == 200, answer.text
    assert pair.hand.do("verify", kind="access", token=answer.json()["token"])["userId"] == user.user_id


def test_a_token_of_node_orders_and_reads_here(pair: Pair) -> None:
    user = Client(pair.python)
    user.tokens = ask(pair.node, "/api/auth/login", registered_at_node(pair)).json()

    made = user.order({pair.product(5): 1}, totalAmount=10)

    assert made.status_code == 201, made.text
    assert user.get(made.headers["Location"]).json()["orderId"] == made.json()["orderId"]


def test_a_token_of_ours_reads_at_node(pair: Pair) -> None:
    user = pair.customer()
    order = user.order({pair.product(5): 1}, totalAmount=10).json()

    answer = ask(pair.node, f"/api/orders/{order['_id']}", token=user.tokens["token"])

    assert answer.status_code == 200, answer.text
    assert answer.json()["orderId"] == order["orderId"]


def test_node_takes_no_refresh_token_of_ours_for_an_access_token(
    pair: Pair,
) -> None:
    user = pair.customer()

    answer = ask(pair.node, f"/api/orders/{user.user_id}", token=user.tokens["refreshToken"])

    assert (answer.status_code, answer.json()) == (400, {"message": "Invalid Token"})


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_what_node_signs_passes_here_for_an_access_token_or_not_at_all(pair: Pair, kind: str) -> None:
    user = pair.customer()
    token = pair.hand.do("sign", kind=kind, userId=user.user_id)

    answer = user.get("/api/auth/me", token=token)

    if kind == "access":
        assert answer.json()["email"] == user.email
    else:
        expect_problem(answer, 401, "token_invalid")


def test_an_address_that_node_keeps_in_capitals_logs_in_here_however_it_is_typed(pair: Pair) -> None:
    account = registered_at_node(pair, f"Anna.{uuid4().hex}@Example.com")

    typed = {**account, "email": account["email"].upper()}

    assert ask(pair.python, "/api/auth/login", typed).status_code == 200
    assert ask(pair.node, "/api/auth/login", typed).json() == {"message": "User not found"}


def test_no_second_account_is_made_beside_one_that_differs_in_case_neither_here_nor_at_node(
    pair: Pair,
) -> None:
    account = registered_at_node(pair)
    other = {**account, "email": account["email"].swapcase()}

    expect_problem(Client(pair.python).post("/api/auth/register", other), 409, "email_taken")
    # Its own look-up finds nobody; our index without case stops the save.
    refused = ask(pair.node, "/api/auth/register", other)
    assert (refused.status_code, refused.json()) == (500, {"message": "Server error"})


def test_a_password_that_was_changed_here_is_asked_for_at_node(pair: Pair) -> None:
    user = pair.customer()
    changed = {"currentPassword": PASSWORD, "newPassword": "battery staple"}
    assert user.post("/api/auth/password", changed).status_code == 204

    old = ask(pair.node, "/api/auth/login", credentials(user.email))
    new = ask(pair.node, "/api/auth/login", {"email": user.email, "password": "battery staple"})

    assert (old.status_code, new.status_code) == (400, 200)


def test_an_account_that_mongoose_saves_keeps_all_that_we_wrote(pair: Pair) -> None:
    user = pair.customer()
    pair.room.database["users"].update_one(
        {"email": user.email}, {"$set": {"role": "admin", "tokenEpoch": 0}}
    )
    before = pair.room.database["users"].find_one({"email": user.email}) or {}

    pair.hand.do("save", model="User", filter={"email": user.email}, set={"refreshToken": "x"})

    after = pair.room.database["users"].find_one({"email": user.email}) or {}
    assert {name for name in {**before, **after} if before.get(name) != after.get(name)} == {
        "refreshToken",
        "updatedAt",
    }
    assert user.login().get("/api/auth/me").json()["role"] == "admin"
