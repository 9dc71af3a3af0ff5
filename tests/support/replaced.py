"""The app with other parts of its resources for a while: a client that fails, another setting."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, current_app

from config.db import MongoDB
from config.resources import Resources, bind, resources_of


@contextmanager
def replaced(app: Flask, **parts: Any) -> Iterator[Resources]:
    """The app with these parts instead of its own: `replaced(app, ses=fake)`."""
    before = resources_of(app)
    bind(app, dataclasses.replace(before, **parts))
    try:
        yield resources_of(app)
    finally:
        bind(app, before)


@contextmanager
def bound_to(client: Any, database: Any) -> Iterator[None]:
    """The current app on another database."""
    with replaced(current_app, mongodb=MongoDB(client, database)):
        yield


def replace_for_test(monkeypatch: pytest.MonkeyPatch, app: Flask, **parts: Any) -> None:
    """As `replaced`, to the end of the test."""
    monkeypatch.setitem(app.extensions, "resources", dataclasses.replace(resources_of(app), **parts))


def change_settings(monkeypatch: pytest.MonkeyPatch, app: Flask, **changes: Any) -> None:
    """Other settings to the end of the test, such as `bcrypt_cost=5`."""
    settings = resources_of(app).settings.model_copy(update=changes)
    replace_for_test(monkeypatch, app, settings=settings)
