"""The check of the logs (at the end of the run, in conftest.py) sees what it is there to see."""

from pathlib import Path

import pytest

from local_stack.greeting import greeting
from tests.support.client import PASSWORD
from tests.support.log_secrets import find_secrets


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("token=eyJhbGciOiJIUzI1NiJ9.eyJ1c2VySWQiOiIxIn0.c2ln", "token"),
        (f'{{"password": "{PASSWORD}"}}', "password"),
        ("hash $2b$10$abcdefghijk", "password hash"),
        ("mail to someone@example.com failed", "address"),
        ("key 0123456789abcdef", "secret"),
    ],
)
def test_a_secret_in_a_log_line_is_found(line: str, kind: str) -> None:
    (found,) = find_secrets(line, "0123456789abcdef")

    assert found.startswith(f"{kind}: ")


def test_what_is_no_secret_is_left_alone() -> None:
    line = "request method=POST route=/api/orders status=201 message_id=1-2-3@email.amazonses.com"

    assert list(find_secrets(line)) == []


def test_the_account_that_make_run_greets_with_is_no_secret_in_its_greeting_alone() -> None:
    assert list(find_secrets(greeting("127.0.0.1", 3000, Path(".local"), True))) == []
    assert list(find_secrets(f"you@example.com logs in with {PASSWORD}")) != []
