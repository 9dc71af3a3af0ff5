"""Most commands run in this process: starting Python for each would take a second. What is promised about the
process (settings, exit codes, output that is piped) is tested with one."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import Result
from flask import Flask
from pymongo import MongoClient
from pymongo.database import Database

from local_stack.programs import ROOT, clean_environment
from tests.support.replaced import bound_to

Run = Callable[..., Result]
Flasks = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(app: Flask) -> Run:
    """`run("inventory", "show")`: what it printed and its exit code. `typed=` is its standard input."""
    runner = app.test_cli_runner()
    return lambda *arguments, typed=None: runner.invoke(args=list(arguments), input=typed)


@pytest.fixture(scope="session")
def bare_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project without anybody's `.env` and `.local`."""
    house = tmp_path_factory.mktemp("house")
    for entry in ROOT.iterdir():
        if entry.name not in (".env", ".local"):
            (house / entry.name).symlink_to(entry)
    return house


@pytest.fixture(scope="session")
def bare_flask(bare_house: Path) -> Flasks:
    """`flask ...` as a process of its own, with these settings and no others."""

    def start(*arguments: str, typed: str = "", **settings: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "flask", *arguments],
            cwd=bare_house,
            env=clean_environment(settings),
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            start_new_session=True,  # without the terminal of whoever runs the tests
            check=False,
        )

    return start


@pytest.fixture(scope="session")
def flask(bare_flask: Flasks, settings: Mapping[str, str]) -> Flasks:
    """`flask ...` as a process of its own, on the database under test, or with other settings."""
    return lambda *arguments, typed="", **others: bare_flask(
        *arguments, typed=typed, **{**settings, "BCRYPT_COST": "4", **others}
    )


@pytest.fixture
def bare(app: Flask, settings: Mapping[str, str]) -> Iterator[Database[dict[str, Any]]]:
    """A database without anything in it, which the commands find instead of the session's."""
    with MongoClient[dict[str, Any]](settings["MONGO_URI"], tz_aware=True) as client:
        database = client[f"bare_{uuid4().hex[:12]}"]
        with bound_to(client, database):
            yield database
        client.drop_database(database.name)
