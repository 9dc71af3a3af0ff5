"""Wrong passwords: how many an account takes, also of many at once, and that strangers lock no owner out."""

import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests

from tests.api.limits import FAILURES_PER_ACCOUNT, expect_limited, some_address, some_host, try_login
from tests.support.client import PASSWORD, Client, expect_problem
from tests.support.together import together

AT_ONCE = 36
WRONG = {"currentPassword": "wrong horse", "newPassword": "battery staple", "password": "wrong horse"}


def each_by_itself(limited: Client, attempt: Callable[[Client], requests.Response]) -> list[int]:
    """The statuses of many attempts at once, each on a connection of its own, in order."""
    answers = together([lambda: attempt(Client(limited.base))] * AT_ONCE)
    for answer in answers:
        if answer.status_code == 429:
            expect_limited(answer, at_most=300)
    return sorted(answer.status_code for answer in answers)


@pytest.mark.parametrize("known", [True, False])
def test_of_36_wrong_passwords_at_once_10_are_looked_at(limited: Client, api: str, known: bool) -> None:
    email = Client(api).register().email if known else some_address()

    statuses = each_by_itself(limited, lambda client: try_login(client, email))

    assert statuses == [401] * FAILURES_PER_ACCOUNT + [429] * (AT_ONCE - FAILURES_PER_ACCOUNT)


@pytest.mark.parametrize(("method", "path"), [("POST", "/api/auth/password"), ("DELETE", "/api/auth/me")])
def test_of_36_wrong_own_passwords_at_once_10_are_looked_at(
    limited: Client, api: str, method: str, path: str
) -> None:
    token = Client(api).register().tokens["token"]
    names = ("password",) if method == "DELETE" else ("currentPassword", "newPassword")
    body = {name: WRONG[name] for name in names}

    def attempt(client: Client) -> requests.Response:
        return client.send(method, path, token=token, json=body, headers={"X-Forwarded-For": some_host()})

    statuses = each_by_itself(limited, attempt)

    assert statuses == [401] * FAILURES_PER_ACCOUNT + [429] * (AT_ONCE - FAILURES_PER_ACCOUNT)


def test_many_right_passwords_at_once_use_nothing_up(limited: Client, api: str) -> None:
    """While they are looked at they count, so not all get in; a moment later each does."""
    email = Client(api).register().email

    statuses = each_by_itself(limited, lambda client: try_login(client, email, PASSWORD))

    assert set(statuses) <= {200, 429} and 200 in statuses
    for _ in range(FAILURES_PER_ACCOUNT + 1):
        assert try_login(limited, email, PASSWORD).status_code == 200


def test_what_is_no_wrong_password_uses_nothing_up(limited: Client, api: str) -> None:
    email = Client(api).register().email
    for body in (
        {"email": email},
        {"email": email, "password": 1},
        {"email": email, "password": "x", "y": 1},
    ):
        for _ in range(FAILURES_PER_ACCOUNT):
            headers = {"X-Forwarded-For": some_host()}
            answer = limited.post("/api/auth/login", body, token="", headers=headers)
            expect_problem(answer, 400, "validation_error")

    assert try_login(limited, email, PASSWORD).status_code == 200


def test_strangers_do_not_lock_an_owner_out_who_comes_from_a_known_address(limited: Client, api: str) -> None:
    email, home = Client(api).register().email, some_host()
    assert try_login(limited, email, PASSWORD, home).status_code == 200
    while try_login(limited, email).status_code != 429:
        pass

    assert try_login(limited, email.upper(), PASSWORD, home).status_code == 200
    same_network = home.rpartition(":")[0] + ":1"
    assert try_login(limited, email, PASSWORD, same_network).status_code == 200
    expect_limited(try_login(limited, email, PASSWORD), at_most=300)


def test_a_known_address_has_its_own_10_failures(limited: Client, api: str) -> None:
    email, home, office = Client(api).register().email, some_host(), some_host()
    for place in (home, office):
        assert try_login(limited, email, PASSWORD, place).status_code == 200

    for _ in range(FAILURES_PER_ACCOUNT):
        expect_problem(try_login(limited, email, host=home), 401, "invalid_credentials")

    expect_limited(try_login(limited, email, PASSWORD, home), at_most=300)
    for place in (office, some_host()):
        assert try_login(limited, email, PASSWORD, place).status_code == 200


def test_an_address_is_known_to_the_account_alone_that_logged_in_there(limited: Client, api: str) -> None:
    owner, stranger, place = Client(api).register(), Client(api).register(), some_host()
    assert try_login(limited, stranger.email, PASSWORD, place).status_code == 200
    while try_login(limited, owner.email).status_code != 429:
        pass

    expect_limited(try_login(limited, owner.email, PASSWORD, place), at_most=300)


def send_odd_chunk(limited: Client, path: str, chunk: bytes) -> bytes:
    """The answer to a request whose body is cut into chunks that are none, until the connection is closed."""
    address = urlsplit(limited.base)
    assert address.hostname and address.port
    head = f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\nX-Forwarded-For: {some_host()}\r\n"
    head += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(head.encode() + chunk)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


ODD_CHUNKS = [b"zz\r\n", b"-1\r\n{}\r\n0\r\n\r\n", b"2\r\n{}xx0\r\n\r\n", b"2;\r{\r\n{}\r\n0\r\n\r\n"]


@pytest.mark.parametrize("chunk", ODD_CHUNKS)
@pytest.mark.parametrize("path", ["login", "register", "refresh", "logout"])
def test_a_malformed_chunk_is_a_400(limited: Client, path: str, chunk: bytes) -> None:
    answer = send_odd_chunk(limited, f"/api/auth/{path}", chunk)

    assert answer.startswith(b"HTTP/1.1 400 "), answer


def test_malformed_chunks_make_no_process_count_anew(limited: Client) -> None:
    email = some_address()
    for _ in range(FAILURES_PER_ACCOUNT):
        expect_problem(try_login(limited, email), 401, "invalid_credentials")

    for chunk in ODD_CHUNKS * 4:
        send_odd_chunk(limited, "/api/auth/login", chunk)

        for _ in range(4):
            expect_limited(try_login(Client(limited.base), email), at_most=300)
