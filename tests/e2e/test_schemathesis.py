"""schemathesis against the running API: all its checks, all its phases, stateful links included."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from flask import Flask

from local_stack.programs import ROOT, clean_environment
from models import inventory
from models import user as users
from tests.e2e.narrowed import narrowed
from tests.support.client import Client

PRODUCTS = ["keyboard", "mouse", "monitor"]


@pytest.fixture
def document(shop: str, user: Client, tmp_path: Path) -> Path:
    """The document as the API serves it, narrowed, in a file. There is plenty of what can be ordered."""
    for product_id in PRODUCTS:
        inventory.set_stock(product_id, stock=1_000_000)
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(narrowed(user.get("/api/openapi.json").json(), PRODUCTS, user.user_id)))
    return path


def test_without_a_token(shop: str, document: Path) -> None:
    explore(shop, document)


def test_with_the_token_of_an_admin(shop: str, document: Path, user: Client, app: Flask) -> None:
    users.promote(user.email)
    explore(shop, document, user)


def test_with_the_tokens_of_two_users(
    shop: str, document: Path, user: Client, new_user: Callable[[], Client]
) -> None:
    """One of them must not see what belongs to the other."""
    explore(shop, document, user, new_user())


def explore(base: str, document: Path, *users: Client) -> None:
    """Run schemathesis in a process of its own; its report is the message of a failure."""
    config = document.with_name("schemathesis.toml")
    config.write_text((ROOT / "tests" / "e2e" / config.name).read_text() + identities(document, users))
    command = ["-m", "schemathesis.cli", "--config-file", str(config), "run", str(document), "--url", base]
    command += ["--checks", "all"]
    environment = clean_environment({"NO_COLOR": "1", "PYTHONPATH": str(ROOT)})
    run = subprocess.run(
        [sys.executable, *command],
        cwd=document.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def identities(document: Path, users: Sequence[Client]) -> str:
    """The part of the configuration that says who asks; several users are peers."""
    if not users:
        return ""
    known = [{"name": client.email, "fixedHeaders": [_authorization(client)]} for client in users]
    path = document.with_name("identities.json")
    path.write_text(json.dumps({"auth": known}))
    peers = f"peers = {json.dumps([client.email for client in users])}\n" if len(users) > 1 else ""
    return f'\n[auth.wfc]\npath = "{path}"\n{peers}'


def _authorization(client: Client) -> dict[str, str]:
    return {"name": "Authorization", "value": f"Bearer {client.tokens['token']}"}
