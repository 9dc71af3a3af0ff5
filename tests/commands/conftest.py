"""Commands run in this process: starting Python for each would take a second."""

from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    """`run("inventory", "show")`: what it printed and its exit code."""
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=list(arguments))
