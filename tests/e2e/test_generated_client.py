"""A client generated from the document: it has few models, one Problem among them, and it works."""

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from commands.openapi_commands import FILE

PACKAGE = "generated_order_client"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the client is, made as its users make it."""
    made = tmp_path_factory.mktemp("client") / PACKAGE
    command = ["-m", "openapi_python_client", "generate", "--path", str(FILE), "--meta", "none"]
    command += ["--output-path", str(made), "--fail-on-warning"]
    # It tidies up with the ruff that it finds.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, *command],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return made


Call = Callable[..., Any]


@pytest.fixture
def generated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Imports a module of it: `generated("models")`."""
    monkeypatch.syspath_prepend(folder.parent)
    return lambda name: importlib.import_module(f"{PACKAGE}.{name}")


@pytest.fixture
def call(shop: str, generated: Call) -> Iterator[Call]:
    """Sends a request as its users do: `call("orders.list_orders", token, limit=1)`."""
    with ExitStack() as clients:

        def send(operation: str, token: str = "", **arguments: Any) -> Any:
            kinds = generated("client")
            made = kinds.AuthenticatedClient(shop, token) if token else kinds.Client(shop)
            client = clients.enter_context(made)
            return generated(f"api.{operation}").sync(client=client, **arguments)

        yield send


def test_it_has_one_problem_and_no_model_of_a_single_answer(folder: Path) -> None:
    models = {path.stem for path in (folder / "models").glob("*.py")} - {"__init__"}

    assert {name for name in models if "problem" in name} == {"problem", "problem_code"}
    assert not [name for name in models if "response" in name or "body" in name]
    assert len(models) < 60


def test_it_registers_logs_in_orders_and_reads_errors(generated: Call, call: Call) -> None:
    models = generated("models")
    who = {"email": f"{uuid4().hex}@example.com", "password": "password123"}
    registered = call("authentication.register", body=models.NewUser(**who))
    assert isinstance(registered, models.Registered)
    user = call("authentication.login", body=models.Credentials(**who)).token

    lines = [models.Item(product_id="keyboard", quantity=2)]
    order = call("orders.create_order", user, body=models.NewOrder(items=lines), prefer="wait=20")
    assert isinstance(order, models.Order)
    assert (order.user_id, order.status) == (registered.user_id, models.OrderStatus.PROCESSED)
    page = call("orders.list_orders", user, status=models.OrderStatus.PROCESSED)
    assert [found.order_id for found in page.data] == [order.order_id]

    too_many = [models.Item(product_id="last-one", quantity=1000)]
    problem = call("orders.create_order", user, body=models.NewOrder(items=too_many))
    assert isinstance(problem, models.Problem)
    assert problem.code == models.ProblemCode.OUT_OF_STOCK
    assert problem.shortages[0].product_id == "last-one"
    assert call("orders.list_orders", "no token").code == models.ProblemCode.TOKEN_INVALID
