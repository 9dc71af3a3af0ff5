"""What came out is known again where a line only moved, and forgotten where it changed."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mutants import kept

BEFORE = ["def f(x):", "    y = x + 1", "    y = x + 1", "    return y + 2"]
DIFF = (
    "--- mutation diff ---\n--- a/m.py\n+++ b/m.py\n@@ -1 +1 @@\n def f(x):\n-    y = x + 1\n+    y = x - 1"
)

MakeSession = Callable[[list[str], list[tuple[int, str, str]]], Path]


@pytest.fixture
def make_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeSession:
    """A session's database as Cosmic Ray makes it: of one module with these lines, and mutants as (line,
    outcome, diff), each of the sign at column 10."""
    sources = dict[str, list[str]]()
    monkeypatch.setattr(kept, "_source", lambda commit, _module: sources[commit])

    def make(lines: list[str], mutants: list[tuple[int, str, str]]) -> Path:
        path = tmp_path / f"{len(sources)}.sqlite"
        sources[path.stem] = lines
        with sqlite3.connect(path) as connection:
            connection.execute(
                "CREATE TABLE mutation_specs (job_id PRIMARY KEY, module_path, start_pos_row, start_pos_col,"
                " operator_name, occurrence)"
            )
            connection.execute(
                "CREATE TABLE work_results (job_id PRIMARY KEY, worker_outcome, test_outcome, output, diff)"
            )
            for number, (line, outcome, diff) in enumerate(mutants):
                spec = (str(number), "m.py", line, 10, "core/X", number)
                connection.execute("INSERT INTO mutation_specs VALUES (?, ?, ?, ?, ?, ?)", spec)
                if outcome:
                    result = (str(number), "NORMAL", outcome, "", diff)
                    connection.execute("INSERT INTO work_results VALUES (?, ?, ?, ?, ?)", result)
        return path

    return make


def outcomes(session: Path) -> dict[str, tuple[str, str]]:
    with sqlite3.connect(session) as connection:
        rows = connection.execute("SELECT job_id, test_outcome, diff FROM work_results")
        return {job_id: (outcome, diff) for job_id, outcome, diff in rows}


def test_a_mutant_keeps_its_outcome_when_its_line_moves(make_session: MakeSession, tmp_path: Path) -> None:
    first = make_session(BEFORE, [(2, "KILLED", DIFF), (3, "SURVIVED", DIFF), (4, "", "")])
    moved = make_session(["", *BEFORE], [(3, "", ""), (4, "", ""), (5, "", "")])

    kept.keep(first, first.stem, tmp_path / "results.json")

    assert kept.take_over(moved, moved.stem, tmp_path / "results.json") == 2
    assert outcomes(moved) == {"0": ("KILLED", ""), "1": ("SURVIVED", "-    y = x + 1\n+    y = x - 1")}


def test_a_mutant_of_a_line_that_changed_is_tried_again(make_session: MakeSession, tmp_path: Path) -> None:
    first = make_session(BEFORE, [(4, "KILLED", DIFF)])
    changed = make_session([*BEFORE[:3], "    return y + 3"], [(4, "", "")])

    kept.keep(first, first.stem, tmp_path / "results.json")

    assert kept.take_over(changed, changed.stem, tmp_path / "results.json") == 0
    assert outcomes(changed) == {}


def test_what_a_run_left_out_is_neither_kept_nor_taken_for_another(
    make_session: MakeSession, tmp_path: Path
) -> None:
    first = make_session(BEFORE, [(2, "", ""), (3, "KILLED", DIFF)])
    with sqlite3.connect(first) as connection:
        left_out = ("0", "SKIPPED", None, kept.LATER, None)
        connection.execute("INSERT INTO work_results VALUES (?, ?, ?, ?, ?)", left_out)
    again = make_session(BEFORE, [(2, "", ""), (3, "", "")])

    kept.keep(first, first.stem, tmp_path / "results.json")

    assert kept.take_over(again, again.stem, tmp_path / "results.json") == 1
    assert outcomes(again) == {"1": ("KILLED", "")}


def test_without_a_kept_file_all_are_tried(make_session: MakeSession, tmp_path: Path) -> None:
    assert kept.take_over(make_session(BEFORE, [(2, "", "")]), "0", tmp_path / "none.json") == 0
