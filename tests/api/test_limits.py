"""How often one may try to log in, register or refresh a login, and how long one waits then."""

import pytest
import requests
from redis import Redis

from tests.api.limits import FAILURES_PER_ACCOUNT, expect_limited, some_address, some_host, try_login
from tests.api.refreshing import WAYS, next_pair, refresh
from tests.support.client import PASSWORD, Client, expect_problem

LOGINS_PER_ADDRESS = 60
REGISTRATIONS_PER_ADDRESS = 30
REFRESHES_PER_ADDRESS = 300
REFRESHES_PER_LOGIN = 30


def test_an_account_takes_10_failures_from_wherever_they_come(limited: Client, api: str) -> None:
    account = Client(api).register()

    for _ in range(FAILURES_PER_ACCOUNT):
        expect_problem(try_login(limited, account.email), 401, "invalid_credentials")

    expect_limited(try_login(limited, account.email), at_most=300)
    expect_limited(try_login(limited, account.email.upper()), at_most=300)
    expect_limited(try_login(limited, account.email, PASSWORD), at_most=300)
    other = Client(api).register()
    assert try_login(limited, other.email, PASSWORD).status_code == 200


def test_an_account_that_nobody_has_is_limited_alike(limited: Client) -> None:
    email = some_address()

    for _ in range(FAILURES_PER_ACCOUNT):
        expect_problem(try_login(limited, email), 401, "invalid_credentials")

    expect_limited(try_login(limited, email), at_most=300)


def test_successful_logins_use_nothing_up(limited: Client, api: str) -> None:
    account = Client(api).register()

    for _ in range(FAILURES_PER_ACCOUNT + 5):
        assert try_login(limited, account.email, PASSWORD).status_code == 200


def test_a_client_address_may_log_in_60_times_a_minute(limited: Client) -> None:
    host = some_host()
    for _ in range(LOGINS_PER_ADDRESS):
        assert try_login(limited, some_address(), host=host).status_code == 401

    expect_limited(try_login(limited, some_address(), host=host), at_most=60)
    assert try_login(limited, some_address()).status_code == 401


def test_a_client_address_may_register_30_times_a_minute(limited: Client) -> None:
    def register(host: str) -> requests.Response:
        return limited.post("/api/auth/register", {}, headers={"X-Forwarded-For": host})

    host = some_host()
    for _ in range(REGISTRATIONS_PER_ADDRESS):
        expect_problem(register(host), 400, "validation_error")

    expect_limited(register(host), at_most=60)
    expect_problem(register(some_host()), 400, "validation_error")


def test_other_routes_have_no_limits(limited: Client) -> None:
    headers = {"X-Forwarded-For": some_host()}

    answers = [limited.get("/api/auth/test", headers=headers) for _ in range(2 * LOGINS_PER_ADDRESS)]

    assert {answer.status_code for answer in answers} == {200}


def test_a_body_that_cannot_be_read_forgives_no_failures(limited: Client) -> None:
    email, host = some_address(), some_host()
    for _ in range(FAILURES_PER_ACCOUNT):
        try_login(limited, email)

    headers = {"Content-Type": "application/json", "X-Forwarded-For": host, "Connection": "close"}
    for _ in range(5):
        large = limited.send("POST", "/api/auth/login", data=b"x" * 200_000, headers=headers)
        expect_problem(large, 413, "payload_too_large")
        expect_limited(try_login(limited, email), at_most=300)


@pytest.mark.parametrize("body", [b"", b"[1]", b'{"email": 1}', b'{"email": "\\ud800"}', b"x" * 200_000])
def test_a_login_that_names_no_account_is_refused_as_without_limits(limited: Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json", "X-Forwarded-For": some_host(), "Connection": "close"}

    for data in (body, iter([body])):  # with a length, and in chunks without one
        answer = limited.send("POST", "/api/auth/login", data=data, headers=headers)
        assert answer.status_code == (413 if len(body) > 100_000 else 400), answer.text


OWN_ACCOUNT = [
    ("POST", "/api/auth/password", {"currentPassword": "wrong horse", "newPassword": "battery staple"}),
    ("DELETE", "/api/auth/me", {"password": "wrong horse"}),
]


def test_a_token_allows_10_wrong_passwords_from_wherever_they_come(limited: Client, api: str) -> None:
    """Over both routes together; and the right one is not heard then either."""
    account, other = Client(api).register(), Client(api).register()

    def attempt(number: int, right: bool = False, who: Client = account) -> requests.Response:
        method, path, body = OWN_ACCOUNT[number % 2]
        if right:
            body = {name: value.replace("wrong horse", PASSWORD) for name, value in body.items()}
        headers = {"X-Forwarded-For": some_host()}
        return limited.send(method, path, token=who.tokens["token"], json=body, headers=headers)

    for number in range(FAILURES_PER_ACCOUNT):
        expect_problem(attempt(number), 401, "invalid_credentials")

    for number in range(2):
        expect_limited(attempt(number), at_most=300)
        expect_limited(attempt(number, right=True), at_most=300)
    assert account.get("/api/auth/me").status_code == 200
    assert attempt(0, right=True, who=other).status_code == 204


@pytest.mark.parametrize(("method", "path", "body"), OWN_ACCOUNT)
def test_a_client_address_may_try_own_passwords_60_times_a_minute(
    limited: Client, api: str, method: str, path: str, body: dict[str, str]
) -> None:
    host = {"X-Forwarded-For": some_host()}
    token = Client(api).register().tokens["token"]
    for _ in range(LOGINS_PER_ADDRESS):  # not one of them says anything about a password
        answer = limited.send(method, path, token=token, json={}, headers=host)
        expect_problem(answer, 400, "validation_error")

    expect_limited(limited.send(method, path, token=token, json=body, headers=host), at_most=60)
    expect_problem(limited.send(method, path, token="a.b.c", json=body, headers=host), 401, "token_invalid")


def test_redis_learns_no_addresses(limited: Client, redis: Redis) -> None:
    email = some_address()
    try_login(limited, email)

    keys = [key.decode() for key in redis.scan_iter(count=1000)]

    assert any("account:" in key for key in keys), keys
    assert not any(email in key for key in keys)


def test_whoever_has_failed_10_times_waits_for_minutes(limited: Client) -> None:
    email = some_address()
    for _ in range(FAILURES_PER_ACCOUNT):
        try_login(limited, email)

    assert int(try_login(limited, email).headers["Retry-After"]) > 60


HOURLY = [("login", 600), ("register", 300), ("refresh", 3000)]


@pytest.mark.parametrize(("route", "often"), HOURLY)
def test_a_client_address_has_a_limit_an_hour_as_well(
    limited: Client, redis: Redis, route: str, often: int
) -> None:
    def knock() -> requests.Response:
        return limited.post(f"/api/auth/{route}", {}, token="", headers={"X-Forwarded-For": host})

    host = f"198.51.100.{HOURLY.index((route, often))}"
    assert knock().status_code in (400, 401)
    (hourly,) = redis.keys(f"*{host}*/1/hour")

    redis.incrby(hourly, often - 1)  # as if the others had come within the hour

    refused = knock()
    expect_limited(refused, at_most=3600)
    assert int(refused.headers["Retry-After"]) > 60


@pytest.mark.parametrize("prefix", ["2001:db8", "fe80:db8"])
def test_an_ipv6_network_of_64_bits_is_one_client_address(limited: Client, prefix: str) -> None:
    network = f"{prefix}:{some_host().split(':')[2]}:7"
    for number in range(LOGINS_PER_ADDRESS):
        host = f"{network}:{number:x}::{number:x}"
        assert try_login(limited, some_address(), host=host).status_code == 401

    expect_limited(try_login(limited, some_address(), host=f"{network}:ffff:1:2:3"), at_most=60)
    assert try_login(limited, some_address(), host=f"{network[:-1]}8::1").status_code == 401


def test_ipv4_addresses_are_limited_one_by_one_however_they_are_written(limited: Client) -> None:
    for number in range(LOGINS_PER_ADDRESS):
        host = ("192.0.2.1", "::ffff:192.0.2.1")[number % 2]
        assert try_login(limited, some_address(), host=host).status_code == 401

    expect_limited(try_login(limited, some_address(), host="192.0.2.1"), at_most=60)
    for other in ("192.0.2.2", "::ffff:192.0.2.2", "not an address"):
        assert try_login(limited, some_address(), host=other).status_code == 401


def test_a_login_is_refreshed_30_times_a_minute_and_its_tokens_stay_good(limited: Client, api: str) -> None:
    user = Client(api).register()
    other = user.tokens["refreshToken"]
    token = user.login().tokens["refreshToken"]
    limited.session.headers["X-Forwarded-For"] = some_host()
    try:
        for _ in range(REFRESHES_PER_LOGIN):
            token = refresh(limited, token).json()["refreshToken"]

        for way in WAYS:
            expect_limited(refresh(limited, token, way), at_most=60)
        next_pair(limited, other)
    finally:
        del limited.session.headers["X-Forwarded-For"]
    next_pair(user, token)


def test_a_client_address_may_refresh_300_times_a_minute_whatever_it_shows(limited: Client) -> None:
    def show(host: str) -> requests.Response:
        return limited.post("/api/auth/refresh", {"refreshToken": "x"}, headers={"X-Forwarded-For": host})

    host = some_host()
    for _ in range(REFRESHES_PER_ADDRESS):
        expect_problem(show(host), 401, "token_invalid")

    expect_limited(show(host), at_most=60)
    expect_problem(show(some_host()), 401, "token_invalid")


def test_without_redis_accounts_and_addresses_are_limited_too(api_without_redis: str, api: str) -> None:
    account, client = Client(api).register(), Client(api_without_redis)
    for _ in range(FAILURES_PER_ACCOUNT):
        expect_problem(try_login(client, account.email), 401, "invalid_credentials")

    expect_limited(try_login(client, account.email, PASSWORD), at_most=300)

    # No proxy is trusted there: what a client says of its own address changes nothing.
    statuses = [try_login(client, some_address()).status_code for _ in range(LOGINS_PER_ADDRESS)]
    assert set(statuses) == {401, 429}
    expect_limited(try_login(client, some_address()), at_most=60)


def test_limits_can_be_turned_off(user: Client) -> None:
    for _ in range(FAILURES_PER_ACCOUNT + 5):
        expect_problem(try_login(user, user.email), 401, "invalid_credentials")

    assert try_login(user, user.email, PASSWORD).status_code == 200
