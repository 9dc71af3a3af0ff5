"""What `make run` runs: a newcomer starts it, orders, reads the mail, stops it, and finds it all again."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_stack.probes import free_port
from tests.support.client import Client
from tests.support.system import ROOT, Child, clean_environment
from tests.support.waiting import wait_for


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No setting at all but where to keep data and which port to take. A `.env` of the developer's is
    overridden by empty values, which count as missing."""
    unset = dict.fromkeys(
        ("MONGO_URI", "REDIS_HOST", "REDIS_URI", "SQS_QUEUE_URL", "SQS_URL", "JWT_SECRET"), ""
    )
    own = {"LOCAL_DIR": str(tmp_path / "local"), "PORT": str(free_port()), "TMPDIR": str(tmp_path)}
    return clean_environment({**unset, **own})


@contextmanager
def _running(environment: dict[str, str], log: Path) -> Iterator[str]:
    child = Child(["server.py"], environment, log).start()
    try:
        wait_for(lambda: "\nReady." in child.output() or not child.running, "the system to be ready")
        assert child.running, child.output()
        yield f"http://127.0.0.1:{environment['PORT']}"
        assert child.stop() == 0
        assert "Stopped." in child.output()
    finally:
        child.kill()


def _flask(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "flask", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_a_newcomer_orders_reads_the_mail_and_finds_it_all_again_after_a_restart(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with _running(environment, tmp_path / "first.txt") as base:
        user = Client(base).register()
        order = user.order({"keyboard": 1, "mouse": 2}).json()
        assert user.ended(order["orderId"])["status"] == "Processed"
        assert user.get(f"/api/orders/{order['orderId']}").headers["X-Cache"] == "hit"
        (mail,) = wait_for(user.mails, "the mail")
        assert order["orderId"] in mail["subject"]
        page = user.get("/dev/mailbox", headers={"Accept": "text/html"})
        assert order["orderId"] in page.text
        stock = _flask(environment, "inventory", "show", "mouse")
        assert "mouse      248" in stock

    with _running(environment, tmp_path / "second.txt") as base:
        assert _flask(environment, "inventory", "show", "mouse") == stock
        again = Client(base)
        again.email, again.tokens = user.email, user.tokens
        assert again.get(f"/api/orders/{order['orderId']}").json()["status"] == "Processed"
        again.login()
        assert _flask(environment, "audit") == "All is well.\n"
