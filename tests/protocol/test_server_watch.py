"""When calls to MongoDB are not even tried. With real servers in test_outages.py; here the corners."""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import ServerSelectionTimeoutError

from local_stack.probes import free_port
from tests.support.waiting import wait_for
from utils import server_watch
from utils.server_watch import ServerWatch

Client = MongoClient[dict[str, Any]]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> ServerWatch:
    """One that loses its patience sooner."""
    monkeypatch.setattr(server_watch, "_PATIENCE_SECONDS", 0.2)
    return ServerWatch()


@pytest.fixture
def nowhere() -> Iterator[Client]:
    with Client(f"mongodb://127.0.0.1:{free_port()}", connect=False) as client:
        yield client


@pytest.fixture
def unused(settings: dict[str, str]) -> Iterator[Client]:
    """A client of a server that is there, which has not connected yet."""
    with Client(settings["MONGO_URI"], connect=False) as client:
        yield client


def raises(watch: ServerWatch, client: Client) -> bool:
    try:
        watch.check(client)
    except ServerSelectionTimeoutError:
        return True
    return False


def test_the_first_calls_wait_and_later_ones_fail(watch: ServerWatch, nowhere: Client) -> None:
    assert not raises(watch, nowhere)
    wait_for(lambda: raises(watch, nowhere), "the end of patience")
    assert watch.is_gone(nowhere)


def test_a_client_that_nobody_has_used_yet_finds_its_server(watch: ServerWatch, unused: Client) -> None:
    """Also if its first calls never came to ask for one: else all later ones would fail for ever."""
    assert not raises(watch, unused)
    wait_for(lambda: not raises(watch, unused) and not watch.is_gone(unused), "the monitors")
    wait_for(lambda: unused.topology_description.has_writable_server(), "the server")
    assert not raises(watch, unused)


def test_what_one_client_misses_is_not_held_against_another(
    watch: ServerWatch, nowhere: Client, unused: Client
) -> None:
    wait_for(lambda: raises(watch, nowhere), "the end of patience")
    assert not raises(watch, unused)
    assert not watch.is_gone(unused)
