"""Keep what came out between runs, in results.json: a mutant whose line is as it was is not tried again.

As Stryker's incremental mode does it, and with the same gap: another line, or a test, may have changed what
would come out. `make mutants ARGS=--survivors` tries the survivors again, `ARGS=--new` tries everything.
"""

import hashlib
import json
import sqlite3
import subprocess
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

from local_stack.programs import ROOT

LATER: Final = "another time"  # the output of a mutant that a run leaves out
RESULTS: Final = Path(__file__).with_name("results.json")
_SAME_AS_SHORT: Final = 10  # hexadecimal digits: 2,000 mutants meet by chance once in 500,000 lists


class _Row(NamedTuple):
    job_id: str
    module: str
    line: int
    column: int
    operator: str
    occurrence: int
    outcome: str
    diff: str


def keep(results: Path, commit: str, path: Path = RESULTS) -> None:
    """Write down what is known of each mutant of a session. What a session has not tried is left out."""
    killed: dict[str, list[str]] = {}
    survived: dict[str, dict[str, list[str]]] = {}
    with sqlite3.connect(results) as connection:
        for identity, row in _identified(connection, commit):
            if row.outcome == "SURVIVED":
                survived.setdefault(row.module, {})[identity] = _changed_lines(row.diff)
            elif row.outcome:
                killed.setdefault(row.module, []).append(identity)
    kept = {
        module: {"killed": " ".join(sorted(killed.get(module, []))), "survived": survived.get(module, {})}
        for module in sorted({*killed, *survived})
    }
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def take_over(results: Path, commit: str, path: Path = RESULTS) -> int:
    """Put into a new session what is kept of its mutants. Returns of how many."""
    if not path.exists():
        return 0
    kept = json.loads(path.read_text())
    known = list[tuple[str, str, str]]()
    with sqlite3.connect(results) as connection:
        for identity, row in _identified(connection, commit):
            module = kept.get(row.module, {"killed": "", "survived": {}})
            if identity in module["survived"]:
                known.append((row.job_id, "SURVIVED", "\n".join(module["survived"][identity])))
            elif identity in module["killed"].split():
                known.append((row.job_id, "KILLED", ""))
        connection.executemany(
            "INSERT OR IGNORE INTO work_results (job_id, worker_outcome, test_outcome, diff)"
            " VALUES (?, 'NORMAL', ?, ?)",
            known,
        )
    return len(known)


def _identified(connection: sqlite3.Connection, commit: str) -> list[tuple[str, _Row]]:
    """Each mutant that is to be tried, with what tells it from the others and stays when its line moves."""
    rows = connection.execute(
        "SELECT job_id, module_path, start_pos_row, start_pos_col, operator_name, occurrence,"
        " coalesce(test_outcome, ''), coalesce(diff, '')"
        " FROM mutation_specs LEFT JOIN work_results USING (job_id)"
        f" WHERE coalesce(worker_outcome, '') != 'SKIPPED' OR output = '{LATER}'"
        " ORDER BY module_path, operator_name, occurrence"
    )
    sources: dict[str, list[str]] = {}
    seen = Counter[str]()
    identified = list[tuple[str, _Row]]()
    for row in map(_Row._make, rows):
        if row.module not in sources:
            sources[row.module] = _source(commit, row.module)
        line = sources[row.module][row.line - 1]
        column = row.column - (len(line) - len(line.lstrip()))
        text = f"{row.module}\n{row.operator}\n{line.strip()}\n{column}"
        seen[text] += 1  # the same line may stand in a module twice
        name = hashlib.sha256(f"{text}\n{seen[text]}".encode()).hexdigest()[:_SAME_AS_SHORT]
        identified.append((name, row))
    return identified


def _source(commit: str, module: str) -> list[str]:
    command = ["git", "show", f"{commit}:{module}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def _changed_lines(diff: str) -> list[str]:
    """Without the head, and without the lines around."""
    return [line for line in diff.splitlines() if line[:1] in "-+" and line[:3] not in ("---", "+++")]
