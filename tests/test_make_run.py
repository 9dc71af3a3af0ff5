"""What `make run` runs: a newcomer starts it, orders, reads the mail, stops it, and finds it all again."""

import subprocess
import sys
from pathlib import Path

import pytest

from local_stack.programs import ROOT
from tests.support.client import Client
from tests.support.made import nothing_configured, running
from tests.support.waiting import wait_for


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return nothing_configured(tmp_path)


def _flask(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "flask", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    ).stdout


def logged(user: Client, order_id: str) -> set[str]:
    """What the board shows of the log for an order: the API's lines and the worker's."""
    steps = user.get(f"/dev/timeline.json?q={order_id}").json()["steps"]
    return {step["text"].split()[0] for step in steps if step["kind"] == "log"}


def test_a_newcomer_orders_reads_the_mail_and_finds_it_all_again_after_a_restart(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with running(environment, tmp_path / "first.txt") as (base, _greeting):
        user = Client(base).register()
        order = user.order({"keyboard": 1, "mouse": 2}).json()
        assert user.ended(order["orderId"])["status"] == "Processed"
        assert user.get(f"/api/orders/{order['orderId']}").headers["X-Cache"] == "hit"
        (mail,) = wait_for(user.mails, "the mail")
        assert order["orderId"] in mail["subject"]
        wait_for(
            lambda: logged(user, order["orderId"]) >= {"request", "order_processed", "mail_sent"}, "the log"
        )
        page = user.get("/dev/mailbox", headers={"Accept": "text/html"})
        assert order["orderId"] in page.text
        stock = _flask(environment, "inventory", "show", "mouse")
        assert "mouse      248" in stock

    with running(environment, tmp_path / "second.txt") as (base, _greeting):
        assert _flask(environment, "inventory", "show", "mouse") == stock
        again = Client(base)
        again.email, again.tokens = user.email, user.tokens
        assert again.get(f"/api/orders/{order['orderId']}").json()["status"] == "Processed"
        again.login()
        assert again.mails() == [mail]
        assert _flask(environment, "audit") == "All is well.\n"


def test_a_python_without_the_packages_is_told_to_make_run() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "server.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "is not installed" in done.stderr
    assert "`make run`" in done.stderr
    assert "Traceback" not in done.stderr
