"""What came out, as docs/MUTANTS.md: the score of each module, and each survivor with its reason."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from math import sqrt
from pathlib import Path
from typing import Final

from local_stack.programs import ROOT
from tests.mutants.session import Mutant, Session

PAGE: Final = ROOT / "docs" / "MUTANTS.md"
_REASONS: Final = Path(__file__).with_name("survivors.toml")
_HEAD: Final = """\
# Mutation testing

`make mutants` changes one place of the application at a time and tries the tests on it: see tests/mutants/.
A mutant that no test notices has survived. This page is made of the last run, on the code of commit {commit}:
of {all:,} mutants {tried:,} were tried, drawn at random, and {killed:.0f} % were killed
({low:.0f} to {high:.0f} % of all, with 95 % confidence).
"""


def score_of(outcomes: Counter[str]) -> float:
    """Percent of the tried mutants that a test noticed."""
    tried = outcomes.total() - outcomes[""]
    return 100 * (tried - outcomes["survived"]) / tried if tried else 0.0


def write_report(session: Session) -> Path:
    mutants = session.mutants()
    PAGE.write_text(
        "\n".join([_head(session.commit(), mutants), *_table(mutants), "", *_survivors(mutants)]) + "\n"
    )
    return PAGE


def _head(commit: str, mutants: list[Mutant]) -> str:
    outcomes = Counter(mutant.outcome for mutant in mutants)
    tried, killed = outcomes.total() - outcomes[""], score_of(outcomes)
    # The normal approximation, corrected for drawing without putting back.
    rest = 1 - tried / len(mutants) if mutants else 0
    margin = 1.96 * sqrt(killed * (100 - killed) * rest / tried) if tried else 0
    low, high = max(killed - margin, 0), min(killed + margin, 100)
    return _HEAD.format(commit=commit, all=len(mutants), tried=tried, killed=killed, low=low, high=high)


def _table(mutants: list[Mutant]) -> Iterator[str]:
    yield "| module | mutants | tried | survived | killed |"
    yield "|---|---:|---:|---:|---:|"
    for module, group in groupby(mutants, lambda mutant: mutant.module):
        yield _row(module, group)
    yield _row("all", mutants)


def _row(name: str, mutants: Iterable[Mutant]) -> str:
    outcomes = Counter(mutant.outcome for mutant in mutants)
    tried = outcomes.total() - outcomes[""]
    killed = f"{score_of(outcomes):.0f} %" if tried else ""
    return f"| {name} | {outcomes.total()} | {tried} | {outcomes['survived']} | {killed} |"


def _survivors(mutants: list[Mutant]) -> Iterator[str]:
    reasons = tomllib.loads(_REASONS.read_text())
    yield "## Survivors"
    for module, group in groupby(mutants, lambda mutant: mutant.module):
        survivors = [mutant for mutant in group if mutant.outcome == "survived"]
        if survivors:
            yield f"\n### {module}\n"
        for mutant in survivors:
            before, after = change_of(mutant)
            why = reasons.get(module, {}).get(before, "*No reason yet: a test is missing.*")
            yield f"- `{before}` → `{after}`: {why}"


def change_of(mutant: Mutant) -> tuple[str, str]:
    """The line before and after, without its indentation."""
    lines = mutant.diff.splitlines()
    before = [line[1:].strip() for line in lines if line.startswith("-") and not line.startswith("---")]
    after = [line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++")]
    return " ".join(before), " ".join(after)
