"""Tables for people: aligned, cut to the terminal where that does no harm, and safe to look at."""

import os
import sys
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from commands.printing import Column, field, json_line, money, rows, table, text

COLUMNS = (
    Column("ID", field("id")),
    Column("NOTE", field("note"), may_be_cut=True),
    Column("SUM", money("sum"), right=True),
)


def test_columns_are_aligned_under_their_heads() -> None:
    lines = table(COLUMNS, [["1", "short", "2.00"], ["12345", "-", "10.50"]], width=None)

    assert lines == [
        "ID     NOTE     SUM",
        "1      short   2.00",
        "12345  -      10.50",
    ]


def test_on_a_narrow_terminal_notes_are_cut_and_ids_are_not() -> None:
    lines = table(COLUMNS, [["1234567890123456789", "a note of many words", "1.00"]], width=40)

    assert lines[1] == "1234567890123456789  a note of ma…  1.00"
    assert max(map(len, lines)) == 40


def test_a_terminal_too_narrow_for_anything_still_gets_the_ids() -> None:
    (_, line) = table(COLUMNS, [["1234567890123456789", "a note of many words", "1.00"]], width=5)

    assert line == "1234567890123456789  a note of m…  1.00"


def test_a_very_long_note_is_cut_at_once() -> None:
    (_, line) = table(COLUMNS, [["1", "n" * 10_000_000, "1.00"]], width=30)

    assert line == f"1   {'n' * 19}…  1.00"


def test_wide_characters_keep_the_columns_aligned() -> None:
    lines = table(COLUMNS, [["商品", "größe", "1.00"], ["u\u0308", "x", "1.00"]], width=None)

    assert lines[1:] == ["商品  größe  1.00", "u\u0308     x      1.00"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        ("", "-"),
        (0, "0"),
        (True, "true"),
        ({"a": [1]}, '{"a":[1]}'),
        (datetime(2026, 11, 25, 10, 0, 5, 999_000, UTC), "2026-11-25 10:00:05"),
        ("red\x1b[31m\nnext\u202eline", r"red\x1b[31m\nnext\u202eline"),
        ("größe 商品", "größe 商品"),
    ],
)
def test_a_value_is_shown_in_one_line_without_control_characters(value: object, shown: str) -> None:
    assert text(value) == shown


def test_json_lines_have_dates_as_the_api_has_them_and_take_anything() -> None:
    at = datetime(2026, 11, 25, 10, 0, 5, 65_000, UTC)

    assert json_line({"at": at, 1: b"x"}) == '{"at":"2026-11-25T10:00:05.065Z","1":"b\'x\'"}'


def test_on_a_terminal_a_table_is_cut_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.openpty()
    with os.fdopen(writing, "w") as terminal, os.fdopen(reading) as screen:
        monkeypatch.setattr(sys, "stdout", terminal)
        monkeypatch.setenv("COLUMNS", "30")

        rows([{"id": 1, "note": "w" * 300, "sum": 1}], COLUMNS, as_json=False, none="Nothing.")

        assert screen.readline().split() == ["ID", "NOTE", "SUM"]
        assert screen.readline().rstrip() == f"1   {'w' * 19}…  1.00"


def test_what_is_piped_is_not_cut_and_remarks_stand_beside_it() -> None:
    with CliRunner().isolation() as (out, err, _):
        rows([{"id": 1, "note": "w" * 300, "sum": 1}], COLUMNS, as_json=False, none="Nothing.")
        rows([], COLUMNS, as_json=False, none="Nothing.")

    assert "w" * 300 in out.getvalue().decode()
    assert err.getvalue().decode() == "Nothing.\n"
