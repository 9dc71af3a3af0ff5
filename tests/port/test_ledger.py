"""The ledger of the port is true and whole: what it names is there, and all of this project is in it."""

import tomllib
from collections import Counter

import pytest
from flask import Flask

from config.settings import Settings
from local_stack.programs import ROOT
from tests.api.test_access import routes_of
from tests.port import ledger
from tests.port.ledger import Row

OUTCOMES = {"same", "fixed", "changed", "dropped"}
ROOMS = (
    "commands",
    "config",
    "controllers",
    "middleware",
    "models",
    "openapi",
    "routes",
    "services",
    "utils",
)
# The routes that the Node project had, as Flask writes them.
NODES = {
    "POST /api/auth/register": "POST /api/auth/register",
    "POST /api/auth/login": "POST /api/auth/login",
    "POST /api/auth/refresh": "POST /api/auth/refresh",
    "GET /api/auth/test": "GET /api/auth/test",
    "POST /api/orders": "POST /api/orders",
    "GET /api/orders/<order_id>": "GET /api/orders/:id",
    "GET /api/inventory/<product:product_id>": "GET /api/inventory/:id",
}


@pytest.mark.parametrize("row", ledger.rows(), ids=lambda row: f"{row.kind}: {row.node}"[:70])
def test_a_row_names_places_and_tests_that_exist(row: Row) -> None:
    assert row.outcome in OUTCOMES
    assert row.act in ("", "clients", "operators")
    assert [place for place in row.here if not ledger.exists(place)] == []
    assert [test for test in row.tests if not ledger.test_exists(test)] == []
    assert bool(row.here) == (row.outcome != "dropped")
    assert row.tests, "nothing shows it"


def test_nothing_is_told_of_twice() -> None:
    counts = Counter((row.kind, row.node) for row in ledger.rows())
    assert [name for name, count in counts.items() if count > 1] == []


def test_each_module_is_in_a_row() -> None:
    paths = [path for room in (*ROOMS, "workers") for path in (ROOT / room).glob("*.py")]
    there = {str(path.relative_to(ROOT)) for path in paths if path.stem != "__init__"}
    assert there - ledger.places() == set()
    assert [place for place in ledger.places() if not ledger.exists(place)] == []


def test_each_route_is_in_a_row(own_app: Flask) -> None:
    named = {row.node for row in ledger.rows()} | {route for row in ledger.added() for route in row.routes}
    there = {NODES.get(route, route) for route in routes_of(own_app)}
    assert there - named == set()
    assert {route for row in ledger.added() for route in row.routes} - there == set()


def test_each_setting_is_in_a_row() -> None:
    named = {
        place.partition("::")[2]
        for row in ledger.rows()
        for place in row.here
        if place.startswith("config/settings.py::")
    }
    named |= {setting for row in ledger.added() for setting in row.settings}
    assert set(Settings.model_fields) - named == set()
    assert named - set(Settings.model_fields) == set()


def test_each_difference_of_an_answer_is_in_a_row() -> None:
    """Of those that examples/port_diff.py finds beside Node."""
    told = tomllib.loads((ROOT / "examples" / "port_differences.toml").read_text())["row"]
    named = {f"{row.kind}: {row.node}" for row in ledger.rows()} | {
        f"added: {e.what}" for e in ledger.added()
    }
    assert [row["ledger"] for row in told if row["ledger"] not in named] == []


def test_the_page_is_fresh() -> None:
    assert ledger.PAGE.read_text() == ledger.page(), "python -m tests.port.ledger"
