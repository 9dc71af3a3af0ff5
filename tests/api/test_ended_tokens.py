"""What a process knows of access tokens that ended, and how little it asks the database for it."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from flask import Flask
from pymongo.errors import AutoReconnect

from models import ended_tokens
from models.ended_tokens import Ended, EndedTokens
from tests.support.replaced import change_settings
from tests.support.together import together
from tests.support.waiting import wait_for
from utils import clock


class Database:
    """Stands for the collection: what has ended, how often it was asked, and whether it answers."""

    def __init__(self, **ended: datetime) -> None:
        self.ended, self.asked, self.answers = dict(ended), list[datetime | None](), True

    def find(self, since: datetime | None) -> Ended:
        self.asked.append(since)
        if not self.answers:
            raise AutoReconnect("gone, as planned")
        return dict(self.ended)


def later(seconds: float = 3600) -> datetime:
    return clock.after(seconds)


def test_it_is_asked_once_a_second_at_most_however_many_ask() -> None:
    database = Database(anna=later())
    known, start = EndedTokens(database.find), time.monotonic()

    def ask() -> None:
        for _ in range(500):
            assert "anna" in known
            assert "bert" not in known

    together([ask] * 8)

    assert 1 <= len(database.asked) <= 1 + (time.monotonic() - start)


def test_nobody_is_let_in_before_there_was_a_first_look() -> None:
    """A process has just started, and a second request comes while the first one is looking."""
    second: list[Future[bool]] = []

    def find(since: datetime | None) -> Ended:
        second.append(pool.submit(lambda: "anna" in known))
        with suppress(TimeoutError):
            second[0].result(timeout=0.2)  # it waits for this look: there is nothing to wait for here
        return {"anna": later()}

    known = EndedTokens(find)
    with ThreadPoolExecutor() as pool:
        assert "anna" in known
        assert second[0].result()


def test_the_first_look_is_for_all_and_later_ones_for_the_last_half_minute() -> None:
    database = Database()
    known = EndedTokens(database.find)
    assert "anna" not in known
    database.ended["anna"] = later()

    wait_for(lambda: "anna" in known, "the next look")

    first, *others = database.asked
    assert first is None
    assert all(since and timedelta(seconds=30) < clock.now() - since for since in others)


def test_while_the_database_is_gone_it_goes_by_what_it_knows_and_asks_again_later() -> None:
    database = Database(anna=later())
    known = EndedTokens(database.find)
    assert "anna" in known
    database.answers = False
    asked = len(database.asked)
    wait_for(lambda: "anna" in known and len(database.asked) > asked, "a look in vain")
    database.ended["bert"] = later()
    database.answers = True

    wait_for(lambda: "bert" in known, "the database to be asked again")

    assert "anna" in known


def test_what_has_expired_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(anna=later(), bert=later(0.5))
    known = EndedTokens(database.find)
    assert "bert" in known
    del database.ended["bert"]  # as the TTL index does

    wait_for(lambda: "bert" not in known, "it to be forgotten")

    assert "anna" in known


def test_more_than_fit_into_memory_forget_those_that_expire_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ended_tokens, "MAX_KNOWN", 2)
    known = EndedTokens(Database(anna=later(10), bert=later(30), carl=later(20)).find)

    assert [name in known for name in ("anna", "bert", "carl")] == [False, True, True]


def test_what_is_written_is_found_by_the_next_look(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    change_settings(monkeypatch, app, access_token_seconds=7200)
    before = clock.now()

    ended_tokens.end("somebody")

    for since in (None, before - timedelta(seconds=30)):
        expires_at = ended_tokens.find_ended(since)["somebody"]
        assert timedelta(hours=2) < expires_at - before < timedelta(hours=2, minutes=2)
    assert "somebody" not in ended_tokens.find_ended(clock.after(1))
    assert ended_tokens.have_ended("somebody")
    ended_tokens.ended_tokens().delete_one({"_id": "somebody"})
