"""Each thing that can be broken fires its alert and no other, and the alert clears once it is mended: on real
scrapes of `make run`, replayed by Prometheus' own promtool."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from tests.e2e.scrapes import Phase, Scrape, firing_at
from tests.e2e.watched import Watched
from tests.support.waiting import wait_for

pytestmark = pytest.mark.usefixtures("promtool")

BEFORE, BROKEN, MENDED = 70, 30, 500  # minutes of a replay


def down(job: str) -> Callable[[Watched], bool]:
    return lambda watched: watched.value(f'up{{job="{job}"}}') == 0


def above(series: str, least: float = 0, orders: int = 3) -> Callable[[Watched], bool]:
    """Whether the series is above that, once so many orders have been placed."""
    left = list(range(orders))

    def look(watched: Watched) -> bool:
        while left:
            left.pop()
            watched.order()
        return watched.value(series) > least

    return look


def audited(watched: Watched) -> bool:
    watched.audit()
    return watched.value("audit_findings") > 0 and watched.value("orders_in_state") > 0


def failing(watched: Watched) -> bool:
    for _ in range(20):
        with suppress(requests.RequestException):
            watched.customer.order({"keyboard": 1})
    failed = watched.value("http_request_seconds_count", 'status="503"')
    return failed > 100 and watched.value('circuit_open{dependency="mongodb"') > 0


def emptied(watched: Watched) -> bool:
    return watched.value('queue_messages{job="orders-worker"') == 0


DEAD = 'queue_messages{job="orders-worker",state="dead"}'
# What is broken; when that is seen in a scrape; the alerts that fire, of which the first is the one meant.
FAULTS: list[tuple[str, Callable[[Watched], bool], list[str]]] = [
    ("kill_worker", down("orders-worker"), ["NoWorker"]),
    ("kill_api", down("orders-api"), ["ApiDown"]),
    ("stop_redis", above('circuit_open{dependency="redis"'), ["DependencyDown"]),
    ("stop_sqs", above('circuit_open{dependency="sqs"'), ["DependencyDown"]),
    ("stop_mongo", failing, ["DependencyDown", "ErrorsBurnFast"]),
    ("throttle_ses", above('overdue_seconds{job="orders-worker",work="mail"}', 12, 25), ["MailsAreLate"]),
    ("hang_ses", above('overdue_seconds{job="orders-worker",work="mail"}', 12, 4), ["MailsAreLate"]),
    ("pause_ses", above("mails_held"), ["MailsHeld"]),
    ("deliver_twice", emptied, []),
    ("poison_message", above(DEAD, orders=0), ["DeadLetters"]),
    ("odd_document", audited, ["OrdersPutAside", "AuditFindings"]),
]


@pytest.mark.parametrize(("fault", "seen", "alerts"), FAULTS, ids=[name for name, _, _ in FAULTS])
def test_a_fault_fires_its_alerts_and_no_other_and_they_clear(
    watched: Watched, tmp_path: Path, fault: str, seen: Callable[[Watched], bool], alerts: list[str]
) -> None:
    before = watched.well()
    watched.break_(fault)
    wait_for(lambda: seen(watched), f"{fault} to be seen")
    broken = watched.scrape()
    if fault not in ("kill_api", "kill_worker", "deliver_twice"):
        watched.mend(fault)
    mended = watched.well()

    phases = [Phase(BEFORE, before), Phase(BROKEN, broken), Phase(MENDED, mended)]
    moments = [BEFORE - 1, BEFORE + BROKEN - 1, BEFORE + BROKEN + MENDED - 1]
    fired = firing_at(phases, moments, tmp_path)

    assert fired == {moments[0]: set(), moments[1]: set(alerts), moments[2]: set()}


def test_what_cannot_be_broken_here_fires_on_numbers_as_the_program_writes_them(
    watched: Watched, tmp_path: Path
) -> None:
    """Of a real scrape the numbers are moved: many slow answers, a few errors for long, a step that fails."""
    real = watched.well()
    answered = next(n for n in real if n.startswith("http_request_seconds_count") and 'status="200"' in n)
    failed = answered.replace('status="200"', 'status="500"')
    step = 'step_attempts_total{{job="orders-worker",outcome="{}",step="step"}}'
    still = {**real, failed: 0.0, step.format("failed"): 0.0, step.format("done"): 0.0}
    moves = {
        "RequestsAreSlow": (BROKEN, {answered: real[answered] + 100_000}),
        "ErrorsBurnSlowly": (10 * 60, {**in_time(real, answered, 100_000), failed: 300.0}),
        "StepFails": (BROKEN, {step.format("failed"): 50.0, step.format("done"): 10.0}),
    }
    for alert, (minutes, moved) in moves.items():
        end = {**still, **moved}
        phases = [Phase(BEFORE, still), Phase(minutes, end), Phase(MENDED, end)]
        moments = [BEFORE - 1, BEFORE + minutes - 1, BEFORE + minutes + MENDED - 1]
        fired = firing_at(phases, moments, tmp_path)
        assert [fired[moment] for moment in moments] == [set(), {alert}, set()], alert


def in_time(real: Scrape, answered: str, more: int) -> Scrape:
    """So many more requests, all of them quick: every bucket of that route counts them."""
    labels = answered.partition("{")[2].removesuffix("}")
    buckets = [name for name in real if "_bucket{" in name and all(x in name for x in labels.split(","))]
    return {name: real[name] + more for name in [answered, *buckets]}


def test_work_that_nobody_does_and_an_audit_that_nobody_runs_are_missed(
    watched: Watched, tmp_path: Path
) -> None:
    real = watched.well()
    overdue = 'overdue_seconds{{job="orders-worker",work="{}"}}'
    real |= {overdue.format("order"): 0.0, overdue.format("mail"): 0.0}
    late = {**real, overdue.format("order"): 6.0}
    ended = next(name for name in real if name.startswith("audit_finished"))
    real[ended] = late[ended] = 0.0  # promtool's time begins at 0

    phases = [Phase(10, real), Phase(20, late), Phase(300, real)]
    fired = firing_at(phases, [5, 25, 150, 320], tmp_path)

    assert fired == {5: set(), 25: {"OrdersAreLate"}, 150: set(), 320: {"AuditNotRun"}}
