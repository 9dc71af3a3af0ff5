"""What Express, its parsers, dotenv and mongoose did by themselves, and what is done here instead."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.support.client import PASSWORD, Client, expect_problem

BODY = json.dumps({"email": "nobody@example.com", "password": PASSWORD}).encode()


@pytest.mark.parametrize("path", ["/API/orders", "/api/Orders", "/api/auth/TEST"])
def test_paths_have_one_spelling(user: Client, path: str) -> None:
    expect_problem(user.get(path), 404, "not_found")


@pytest.mark.parametrize("word", ["Token", "JWT", "Basic"])
def test_the_scheme_of_the_token_is_bearer_and_no_other_word(user: Client, word: str) -> None:
    headers = {"Authorization": f"{word} {user.tokens['token']}"}
    expect_problem(user.get("/api/orders", headers=headers), 401, "token_missing")


def test_no_answer_has_mongooses_version_key(user: Client, product: Callable[..., str]) -> None:
    product_id = product(5)
    placed = user.order({product_id: 1})
    answers = [placed, user.get(f"/api/orders/{placed.json()['orderId']}"), user.get("/api/orders")]
    answers += [user.get("/api/auth/me"), user.get(f"/api/inventory/{product_id}")]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 200]
    assert not [answer.url for answer in answers if "__v" in answer.text]


@pytest.mark.parametrize("path", ["/api/auth/test", "/api/inventory", "/api/nothing"])
def test_no_answer_says_x_powered_by_and_json_has_no_charset(anyone: Client, path: str) -> None:
    answer = anyone.get(path)
    assert "X-Powered-By" not in answer.headers
    assert "charset" not in answer.headers["Content-Type"]


def test_no_cache_keeps_what_is_one_users_and_no_browser_guesses_at_types(user: Client) -> None:
    for answer in (user.get("/api/orders"), user.get("/api/auth/me"), user.get("/api/nothing")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_server_names_itself_and_no_version(anyone: Client) -> None:
    assert anyone.get("/api/auth/test").headers["Server"] == "gunicorn"


def send(client: Client, body: bytes, **headers: str) -> object:
    told = {"Content-Type": "application/json", **headers}
    return expect_problem(
        client.send("POST", "/api/auth/login", data=body, headers=told), 400, "invalid_json"
    )


def test_a_compressed_body_is_told_to_be_no_json(anyone: Client) -> None:
    send(anyone, gzip.compress(BODY), **{"Content-Encoding": "gzip"})


def test_a_byte_order_mark_is_no_json(anyone: Client) -> None:
    send(anyone, b"\xef\xbb\xbf" + BODY)


def test_utf_16_is_no_json(anyone: Client) -> None:
    send(anyone, BODY.decode().encode("utf-16"), **{"Content-Type": "application/json; charset=utf-16"})


def read(tmp_path: Path, text: str) -> dict[str, str | None]:
    """As config/settings_reader.py reads `.env`."""
    file = tmp_path / ".env"
    file.write_text(text)
    return dict(dotenv_values(file))


def test_a_hash_within_a_value_of_the_file_belongs_to_it(tmp_path: Path) -> None:
    found = read(tmp_path, "JWT_SECRET=abc#def\nSES_EMAIL=a@example.com # the shop's\nHOST='a#b'\n")
    assert found == {"JWT_SECRET": "abc#def", "SES_EMAIL": "a@example.com", "HOST": "a#b"}


def test_a_variable_in_the_file_is_put_in_within_quotes_too(tmp_path: Path) -> None:
    found = read(tmp_path, "HOST=db\nMONGO_URI=mongodb://${HOST}/orders\nJWT_SECRET='a${HOST}b$HOST'\n")
    assert (found["MONGO_URI"], found["JWT_SECRET"]) == ("mongodb://db/orders", "adbb$HOST")
