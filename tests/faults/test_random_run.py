"""Clients order while something breaks each second; nothing that was promised is lost."""

from pathlib import Path

from local_stack.stack import LocalStack
from tests.faults.random_run import Plan, lines_of, run, say


def test_a_random_run_under_faults_loses_nothing(stack: LocalStack, tmp_path: Path, seed: int) -> None:
    plan = Plan(orders=200, rate=8, seed=seed)
    say(f"{plan}; FAULT_SEED={seed} replays it")

    report = run(stack, tmp_path, plan)

    say(*lines_of(report))
    assert report.findings == []
    assert report.figures["kills"] >= 5
