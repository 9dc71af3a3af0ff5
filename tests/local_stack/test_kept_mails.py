"""The mails that SES took are there again after a restart, and after a kill."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local_stack.aws_server import MAX_KEPT
from local_stack.probes import http_get
from local_stack.stack import LocalStack
from tests.local_stack.common import ELSEWHERE
from tests.local_stack.test_servers import aws

ONLY_AWS = {name: value for name, value in ELSEWHERE.items() if name != "SQS_QUEUE_URL"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with LocalStack(tmp_path_factory.mktemp("stack"), ONLY_AWS) as running:
        yield running


def send(stack: LocalStack) -> str:
    """Send a mail. Returns its subject, which is its alone."""
    subject = f"About {uuid4().hex}"
    body = {"Text": {"Data": "line 1\nline 2, größe"}, "Html": {"Data": "<p>line</p>"}}
    aws(stack, "ses").send_email(
        Source="orders@example.com",
        Destination={"ToAddresses": ["user@example.com"]},
        Message={"Subject": {"Data": subject}, "Body": body},
    )
    return subject


def mails(stack: LocalStack) -> list[dict[str, Any]]:
    path = stack.settings["MAILBOX_URL"].removeprefix(stack.settings["AWS_ENDPOINT_URL"])
    by_account = json.loads(http_get(stack.servers["aws"].port, path)[1])["messages"]
    return [mail for sent in by_account.values() for mail in sent]


def kept(stack: LocalStack) -> Path:
    return stack.servers["aws"].data / "mails.jsonl"


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_mails_are_there_again_as_they_were(stack: LocalStack, end: str) -> None:
    subject = send(stack)
    before = mails(stack)
    assert before[-1]["Subject"] == subject
    getattr(stack.servers["aws"], end)()
    stack.servers["aws"].start()
    assert mails(stack) == before


def test_a_line_that_was_cut_off_costs_no_other_mail(stack: LocalStack) -> None:
    send(stack)
    before = mails(stack)
    stack.servers["aws"].kill()
    with kept(stack).open("ab") as file:
        file.write(b'["000000000000", "us-')
    stack.servers["aws"].start()
    assert mails(stack) == before
    subject = send(stack)
    stack.servers["aws"].kill()
    stack.servers["aws"].start()
    assert [mail["Subject"] for mail in mails(stack)] == [mail["Subject"] for mail in before] + [subject]


def test_the_oldest_are_forgotten_first(stack: LocalStack) -> None:
    first, last = send(stack), send(stack)
    stack.servers["aws"].stop()
    lines = kept(stack).read_bytes().splitlines(keepends=True)
    kept(stack).write_bytes(b"".join(lines[-2:-1] + lines[-1:] * MAX_KEPT))
    stack.servers["aws"].start()
    subjects = [mail["Subject"] for mail in mails(stack)]
    assert subjects == [last] * MAX_KEPT
    assert first not in subjects
