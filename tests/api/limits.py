"""Trying to log in, from wherever one likes, and being told that it was too often."""

from uuid import uuid4

import requests

from tests.support.client import Client, expect_problem

FAILURES_PER_ACCOUNT = 10


def some_address() -> str:
    return f"{uuid4().hex}@example.com"


def some_host() -> str:
    """An address of a network that nobody else has."""
    number = uuid4().hex
    return f"2001:db8:{number[:4]}:{number[4:8]}::{number[8:12]}"


def try_login(
    client: Client, email: str, password: str = "wrong horse", host: str | None = None
) -> requests.Response:
    """A login from that host, or from one that nobody else has."""
    body = {"email": email, "password": password}
    headers = {"X-Forwarded-For": host or some_host()}
    return client.post("/api/auth/login", body, token="", headers=headers)


def expect_limited(answer: requests.Response, at_most: int) -> None:
    """A 429 that says when to come back, in seconds, rounded up."""
    expect_problem(answer, 429, "rate_limited")
    assert 1 <= int(answer.headers["Retry-After"]) <= at_most + 1
