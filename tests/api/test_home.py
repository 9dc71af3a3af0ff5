"""/ and /favicon.ico: what a browser asks for first."""

import re

import pytest

from tests.api.conftest import StartApi
from tests.support.client import Client

# As Firefox and Chrome send it.
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}


def test_a_browser_gets_a_page_that_leads_on(anyone: Client) -> None:
    answer = anyone.get("/", headers=BROWSER)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<main>" in answer.text
    addresses = re.findall(r'(?:href|src)="([^"]+)"', answer.text)
    assert {"/api/docs", "/dev/mailbox", "/readyz", "/api/openapi.json"} <= set(addresses)
    assert [path for path in addresses if anyone.get(path, headers=BROWSER).status_code != 200] == []


@pytest.mark.parametrize("path", ["/", "/dev/mailbox", "/dev/mailbox?id=none"])
def test_pages_allow_no_script_and_no_other_server(anyone: Client, path: str) -> None:
    answer = anyone.get(path, headers=BROWSER)

    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["style-src"] == policy["img-src"] == "'self'"
    assert "script-src" not in policy
    assert not re.search(r"<script|\son\w+=|\sstyle=|javascript:", answer.text)


@pytest.mark.parametrize(
    "accept", ["application/json", "*/*", "image/png", "application/json, text/html;q=0.5"]
)
def test_programs_get_json(anyone: Client, accept: str) -> None:
    """curl's `*/*`, too: whoever wants a page says so."""
    answer = anyone.get("/", headers={"Accept": accept})

    assert answer.headers["Vary"] == "Accept"
    assert answer.json() == {
        "name": "Order processing",
        "documentation": "/api/docs",
        "board": "/dev",
        "mailbox": "/dev/mailbox",
        "health": "/readyz",
        "openapi": "/api/openapi.json",
    }


def test_it_is_there_without_mongodb(api_without_mongo: str) -> None:
    client = Client(api_without_mongo)

    assert client.get("/", headers=BROWSER).status_code == 200
    assert client.get("/").json()["documentation"] == "/api/docs"
    assert client.get("/favicon.ico").status_code == 200


def test_a_mailbox_is_named_only_where_there_is_one(start_api: StartApi) -> None:
    with start_api("no-mailbox", MAILBOX_URL="") as base:
        client = Client(base)
        assert client.get("/").json().keys().isdisjoint({"board", "mailbox"})
        assert "ailbox" not in client.get("/", headers=BROWSER).text


def test_the_icon_is_there(anyone: Client) -> None:
    answer = anyone.get("/favicon.ico")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.content.startswith(b"\x89PNG")
