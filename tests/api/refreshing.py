"""Showing refresh tokens, as several of these tests do."""

from typing import Any

import requests

from tests.support.client import Client
from tests.support.waiting import wait_for

WAYS = ("body", "bearer")


def refresh(client: Client, token: str, way: str = "body", route: str = "refresh") -> requests.Response:
    """Show a refresh token, in the body or as Bearer."""
    if way == "body":
        return client.post(f"/api/auth/{route}", {"refreshToken": token}, token="")
    return client.send("POST", f"/api/auth/{route}", token=token)


def next_pair(client: Client, token: str) -> dict[str, Any]:
    """What a refresh token is exchanged for, after a look whether the access token works."""
    answer = refresh(client, token)
    assert answer.status_code == 200, answer.text
    pair: dict[str, Any] = answer.json()
    assert client.get("/api/orders", token=pair["token"]).status_code == 200
    return pair


def wait_until_refused(client: Client, access_token: str) -> None:
    """Until a token that has ended is known for it: a process that did not end it asks once a second."""
    wait_for(
        lambda: client.get("/api/orders", token=access_token).status_code == 401, "the access token to end"
    )
