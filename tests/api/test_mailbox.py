"""/dev/mailbox: the mails that the local stack's SES took."""

import re
from html import unescape
from typing import Any

import pytest

from tests.api.conftest import StartApi
from tests.support.client import Client, expect_problem
from tests.support.mails import send_mail

PAGE = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}
WILD = "</iframe><script>alert(1)</script><b>&\"'</b>"


def mails_to(client: Client, to: str) -> list[dict[str, Any]]:
    mails: list[dict[str, Any]] = client.get(f"/dev/mailbox?to={to}", headers=JSON).json()["data"]
    return mails


def test_mails_are_found_by_address_and_by_id(anyone: Client, settings: dict[str, str]) -> None:
    to = send_mail(settings, "About it", "<p>It</p>", "Good.\n\nStatus: Cancelled\n")

    (mail,) = mails_to(anyone, to)
    assert {name: mail[name] for name in ("to", "subject", "text", "html", "status")} == {
        "to": to,
        "subject": "About it",
        "text": "Good.\n\nStatus: Cancelled\n",
        "html": "<p>It</p>",
        "status": "Cancelled",
    }
    by_id = anyone.get("/dev/mailbox", params={"id": mail["id"]}, headers=JSON)
    assert by_id.json() == {"data": [mail]}
    assert anyone.get("/dev/mailbox?id=no-such-mail", headers=JSON).json() == {"data": []}
    assert mail in anyone.get("/dev/mailbox", headers=JSON).json()["data"]


def test_the_list_says_to_whom_about_what_and_what_became_of_it(
    anyone: Client, settings: dict[str, str]
) -> None:
    to = send_mail(settings, f"Order {WILD} Status Update", "<p>It</p>", "Status: Processed")

    page = anyone.get(f"/dev/mailbox?to={to}", headers=PAGE).text
    assert "<main>" in page
    (row,) = re.findall(r"<li>.*?</li>", page, re.S)
    assert "<script>" not in row
    shown = unescape(" ".join(re.sub(r"<[^>]*>", " ", row).split()))
    assert shown.startswith(f"Order {WILD} Status Update Processed to {to} ")
    (link,) = re.findall(r'href="([^"]+)"', row)
    assert f"<h1>Order {WILD} Status Update</h1>" in unescape(anyone.get(link, headers=PAGE).text)


def test_a_mail_without_a_status_is_listed_too(anyone: Client, settings: dict[str, str]) -> None:
    to = send_mail(settings, "Hello", "")

    assert mails_to(anyone, to)[0]["status"] is None
    assert f"to {to}" in anyone.get(f"/dev/mailbox?to={to}", headers=PAGE).text


def test_a_mail_is_shown_in_a_frame_that_runs_nothing(anyone: Client, settings: dict[str, str]) -> None:
    to = send_mail(settings, "Wild", WILD, WILD)
    (mail,) = mails_to(anyone, to)

    answer = anyone.get("/dev/mailbox", params={"id": mail["id"]}, headers=PAGE)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "script" not in answer.headers["Content-Security-Policy"]
    assert answer.text.count("<iframe sandbox srcdoc=") == answer.text.count("</iframe>") == 1
    assert "<script" not in answer.text
    (framed,) = re.findall(r'srcdoc="([^"]*)"', answer.text)
    assert unescape(framed) == WILD


@pytest.mark.parametrize("to", ["", "nobody@example.com"])
def test_an_id_that_no_mail_has_is_told_on_the_list(anyone: Client, to: str) -> None:
    page = anyone.get(f"/dev/mailbox?id=no-such-mail&to={to}", headers=PAGE).text

    assert "There is no mail with that id" in page


def test_without_its_mail_server_it_is_a_503(start_api: StartApi, closed_port: int) -> None:
    with start_api("no-mail-server", MAILBOX_URL=f"http://127.0.0.1:{closed_port}/mails") as base:
        expect_problem(Client(base).get("/dev/mailbox"), 503, "service_unavailable")
