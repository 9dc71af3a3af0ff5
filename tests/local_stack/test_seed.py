"""What `make run` does to a database that others have written: it says what stands in the way of an index."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from local_stack.programs import ROOT, clean_environment

Mongo = Database[dict[str, Any]]


@pytest.fixture
def bare(settings: Mapping[str, str]) -> Iterator[tuple[Mongo, dict[str, str]]]:
    """A database of one's own, and the settings that lead to it."""
    with MongoClient[dict[str, Any]](settings["MONGO_URI"]) as client:
        database = client[f"seeded_{uuid4().hex[:12]}"]
        uri = urlunsplit(urlsplit(settings["MONGO_URI"])._replace(path=f"/{database.name}"))
        yield database, {**settings, "MONGO_URI": uri}
        client.drop_database(database.name)


def seed(settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local_stack.seed"],
        cwd=ROOT,
        env=clean_environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )


def test_twins_of_an_address_are_told_and_stop_nobody(bare: tuple[Mongo, dict[str, str]]) -> None:
    database, settings = bare
    database["users"].insert_many([{"email": "Carl@example.com"}, {"email": "carl@example.com"}])

    ended = seed(settings)

    assert ended.returncode == 0, ended.stderr
    assert "The index users.email_folded cannot be made:" in ended.stderr
    assert "'Carl@example.com'" in ended.stderr
    assert "idempotency.id_1" in database["orders"].index_information()


def test_without_an_index_that_orders_need_nothing_starts(bare: tuple[Mongo, dict[str, str]]) -> None:
    database, settings = bare
    database["orders"].insert_many([{"orderId": "twice"}, {"orderId": "twice"}])

    ended = seed(settings)

    assert ended.returncode == 1
    assert "The index orders.orderId_1 cannot be made:" in ended.stderr
    assert "2 documents: 'twice'" in ended.stderr and "Traceback" not in ended.stderr
