"""What commands print: tables for people, JSON for programs.

Data goes to standard output, remarks to standard error, so that what is piped is data alone. With `--json`
each row is one JSON object on a line of its own (JSON Lines): `jq` reads it, `jq -s` makes it an array.
Any document can be printed, also those of other programs. A library for tables (tabulate) would wrap what is
too wide; here it is cut, on a terminal alone.
"""

import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from unicodedata import combining, east_asian_width

import click
import orjson

from utils.clock import to_iso

_GAP = "  "
_LEAST_WIDTH = 12  # to which a column is cut
_ELLIPSIS = "…"

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON: one object a line.")


class Column(NamedTuple):
    """One column: its head, how its cell comes out of a row, and how it is set."""

    head: str
    cell: Callable[[Mapping[str, Any]], Any]
    right: bool = False
    may_be_cut: bool = False


def rows(documents: Iterable[Mapping[str, Any]], columns: Sequence[Column], as_json: bool, none: str) -> None:
    """Print documents: a table, or JSON lines. `none` is the remark when there are no documents."""
    if as_json:
        for document in documents:
            click.echo(json_line(document))
        return
    cells = [[text(column.cell(document)) for column in columns] for document in documents]
    for line in table(columns, cells, _terminal_width()) if cells else ():
        click.echo(line)
    if not cells:
        remark(none)


def remark(sentence: str) -> None:
    """Tell people something beside the data."""
    click.echo(sentence, err=True)


def field(name: str, *rest: str) -> Callable[[Mapping[str, Any]], Any]:
    """For a Column: the cell is this field, or None where there is none."""

    def cell(document: Any) -> Any:
        for step in (name, *rest):
            document = document.get(step) if isinstance(document, Mapping) else None
        return document

    return cell


def money(name: str) -> Callable[[Mapping[str, Any]], Any]:
    """For a Column: this field as an amount with two decimals; what is no number, as it is."""

    def cell(document: Mapping[str, Any]) -> Any:
        value = document.get(name)
        return f"{value:.2f}" if isinstance(value, (int, float)) and not isinstance(value, bool) else value

    return cell


def text(value: Any) -> str:
    """A value in one line for people: times in UTC to the second, nothing as `-`, no control characters."""
    if value is None or value == "":
        return "-"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    shown = json_line(value) if isinstance(value, (dict, list, bool)) else str(value)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


def json_line(value: Any) -> str:
    """A value as JSON on one line: times as the API writes them, what JSON does not know as text."""
    return orjson.dumps(
        value, default=_encode, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS
    ).decode()


def table(columns: Sequence[Column], cells: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """The lines of a table with its head. Columns that may be cut give way until it fits into `width`."""
    heads = [column.head for column in columns]
    widths = [max(map(width_of, column)) for column in zip(heads, *cells, strict=True)]
    if width is not None:
        _narrow(columns, widths, width)
    return [_GAP.join(map(_set, columns, widths, line)).rstrip() for line in (heads, *cells)]


def _narrow(columns: Sequence[Column], widths: list[int], width: int) -> None:
    """Take from the widest column that may be cut, until all fit."""
    for index, column in enumerate(columns):
        if column.may_be_cut:
            widths[index] = min(widths[index], max(width, _LEAST_WIDTH))
    while sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        wide = [
            i for i, c in enumerate(columns) if c.may_be_cut and widths[i] > max(_LEAST_WIDTH, len(c.head))
        ]
        if not wide:
            return
        widths[max(wide, key=widths.__getitem__)] -= 1


def _set(column: Column, width: int, shown: str) -> str:
    if width_of(shown) > width:
        shown = shown[:width]
        while width_of(shown) > width - 1:
            shown = shown[:-1]
        shown += _ELLIPSIS
    padding = " " * (width - width_of(shown))
    return padding + shown if column.right else shown + padding


def width_of(shown: str) -> int:
    """Columns that a text takes on a terminal: two for a Chinese character, none for an accent of its own."""
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in shown)


def _terminal_width() -> int | None:
    """None when the output is no terminal: then nothing is cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _encode(value: Any) -> str:
    return to_iso(value) if isinstance(value, datetime) else str(value)
