"""docs/port/ledger.yaml, read; `python -m tests.port.ledger` writes the page that is made from it."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from local_stack.programs import ROOT

HOME: Final = ROOT / "docs" / "port"
LEDGER: Final = HOME / "ledger.yaml"
PAGE: Final = HOME / "ledger.md"
_TITLES: Final = {
    "files": "Files",
    "functions": "Functions",
    "routes": "Routes",
    "middleware": "Middleware",
    "fields": "Fields and schema options",
    "settings": "Settings",
    "answers": "Answers",
    "storage": "Cache, queue and mail",
    "logs": "Logs",
    "defaults": "Defaults of Express, its libraries and Node",
    "scripts": "Commands",
}


class Row(NamedTuple):
    """One thing of the Node project. `here` and `tests` may be empty."""

    kind: str
    node: str
    outcome: str
    here: list[str]
    why: str
    act: str
    tests: list[str]


class Added(NamedTuple):
    """What this project has on top."""

    what: str
    why: str
    here: list[str]
    routes: list[str]
    settings: list[str]


@cache
def _read() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = yaml.safe_load(LEDGER.read_text())
    return found


def rows() -> list[Row]:
    return [
        Row(
            kind,
            row["node"],
            row["is"],
            row.get("here", []),
            row["why"],
            row.get("act", ""),
            row.get("tests", []),
        )
        for kind, of_kind in _read().items()
        if kind != "added"
        for row in of_kind
    ]


def added() -> list[Added]:
    return [Added(**row) for row in _read()["added"]]


def places() -> set[str]:
    """The files that any row names, of what was and of what is new."""
    of_rows = {place for row in rows() for place in row.here}
    return {place.partition("::")[0] for place in of_rows.union(*(each.here for each in added()))}


def exists(place: str) -> bool:
    """Whether a file, or file::symbol, is there: a function, a class, a name, or a field of a class."""
    name, _, symbol = place.partition("::")
    path = ROOT / name
    if not symbol or not path.exists():
        return path.exists()
    return symbol in _symbols(path)


def test_exists(reference: str) -> bool:
    name, _, test = reference.partition("::")
    path = ROOT / "tests" / name
    return path.exists() and test in _symbols(path)


@cache
def _symbols(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    defined = {
        node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    targets: list[ast.expr] = [node.target for node in nodes if isinstance(node, ast.AnnAssign)]
    targets += [target for node in nodes if isinstance(node, ast.Assign) for target in node.targets]
    return defined | {target.id for target in targets if isinstance(target, ast.Name)}


def page() -> str:
    """The ledger in Markdown, a table for each kind."""
    counts = Counter(row.outcome for row in rows())
    told = ", ".join(f"{number} {outcome}" for outcome, number in counts.most_common())
    lines = [
        "# What became of the Node project",
        "",
        "Look for the Node project's name of a thing: its row says where it lives here, whether it is the",
        "same, why it is not, and who has to do something about it when a deployment moves over.",
        "",
        f"{sum(counts.values())} rows: {told}. [ledger.yaml](ledger.yaml), of which this page is made by",
        "`python -m tests.port.ledger`, names for each row the tests that show it.",
        "",
        *[f"- [{title}](#{_anchor(title)})" for title in _TITLES.values()],
        "- [What there is on top](#what-there-is-on-top)",
    ]
    for kind, title in _TITLES.items():
        lines += ["", f"## {title}", "", "| Node | is | here | why | who must act |", "|---|---|---|---|---|"]
        lines += [_line(row) for row in rows() if row.kind == kind]
    lines += ["", "## What there is on top", "", "| what | why | here |", "|---|---|---|"]
    lines += [f"| {each.what} | {each.why} | {', '.join(map(_link, each.here))} |" for each in added()]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    here = ", ".join(map(_link, row.here))
    return f"| {_text(row.node)} | {row.outcome} | {here} | {_text(row.why)} | {row.act} |"


def _text(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _link(place: str) -> str:
    name, _, symbol = place.partition("::")
    return f"[{symbol or name}](../../{name})"


def _anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


if __name__ == "__main__":
    PAGE.write_text(page())
    print("Written:", PAGE.relative_to(ROOT))
