"""The worker's thread pool: what comes of a function that ends well, badly, or because MongoDB is down."""

import threading
from collections.abc import Iterator

import pytest
import structlog
from flask import Flask, current_app
from pymongo.errors import ServerSelectionTimeoutError

from tests.support.logged import Logged
from workers import thread_pool
from workers.thread_pool import ThreadPool


@pytest.fixture
def pool(own_app: Flask) -> Iterator[ThreadPool]:
    pool = ThreadPool(own_app, 2, "test")
    yield pool
    pool.finish()


def fail_with(error: Exception | None) -> None:
    if error is not None:
        raise error


@pytest.mark.parametrize(
    ("error", "logged"),
    [(None, []), (ServerSelectionTimeoutError(), []), (ValueError("x"), ["order_left_to_the_sweep"])],
    ids=["ends well", "MongoDB is down", "fails"],
)
def test_what_is_to_follow_follows_whatever_came_of_it(
    pool: ThreadPool, monkeypatch: pytest.MonkeyPatch, error: Exception | None, logged: list[str]
) -> None:
    followed, lines = threading.Event(), Logged(monkeypatch, thread_pool)

    pool.submit(fail_with, error, followed.set)

    assert followed.wait(60)
    pool.finish()
    assert lines.events == logged


def test_a_function_runs_in_the_apps_context_with_the_log_fields_of_where_it_comes_from(
    pool: ThreadPool, own_app: Flask
) -> None:
    seen: list[object] = []

    def look(_: None) -> None:
        seen.extend([current_app.name, structlog.contextvars.get_contextvars().get("request_id")])

    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        pool.submit(look, None)
    pool.finish()

    assert seen == [own_app.name, "r-1"]
