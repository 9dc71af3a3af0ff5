"""docs/API.md names a test for every promise, every route and every error code; each of them exists."""

import re
from functools import cache
from pathlib import Path

import pytest
from flask import Flask

from utils import errors

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "API.md").read_text()
REFERENCE = re.compile(r"`([\w/]+\.py)::(\w+)`")
NOT_IN_TABLE = {
    "/api/docs/<name>",
    "/dev/audit.json",
    "/dev/board.json",
    "/dev/break",
    "/dev/break/<name>",
    "/dev/timeline.json",
    "/dev/assets/<name>",
}  # the pieces of the documentation page


@cache
def _tests_of(name: str) -> set[str]:
    path = TESTS / name
    return set(re.findall(r"^def (test_\w+)", path.read_text(), re.M)) if path.exists() else set()


def _promises() -> list[str]:
    """Every row of every table, without the heads."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]
    return [row for row in rows if not row.endswith("tests in tests/ |")]


@pytest.mark.parametrize("row", _promises(), ids=lambda row: row[2:60])
def test_a_promise_names_tests_that_exist(row: str) -> None:
    references = REFERENCE.findall(row.rsplit(" | ", 1)[1])

    assert references, f"no test is named in: {row}"
    assert not [f"{file}::{test}" for file, test in references if test not in _tests_of(file)]


def test_every_route_has_a_row(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(\w+:)?\w+>", ":id", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert f"| {method} {path} |" in PAGE or rule.rule in NOT_IN_TABLE, f"{method} {rule.rule}"


def test_every_error_code_has_a_row() -> None:
    kinds: list[type[errors.ApiError]] = [errors.ApiError, *_all_subclasses(errors.ApiError)]
    told = {(kind.status, kind.code) for kind in kinds if "code" in vars(kind)}

    assert not [f"{status} {code}" for status, code in told if f"| {status} | `{code}`" not in PAGE]


def _all_subclasses(kind: type[errors.ApiError]) -> list[type[errors.ApiError]]:
    direct = kind.__subclasses__()
    return direct + [deeper for below in direct for deeper in _all_subclasses(below)]
