"""Each thing that can be broken fires its alert and no other, and the alert clears once it is mended: on real
scrapes of `make run`, replayed by Prometheus' own promtool."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from deploy.grafana import dashboard
from local_stack.probes import free_port
from local_stack.programs import ROOT, clean_environment
from tests.e2e.programs import install_if_missing
from tests.e2e.scrapes import RULES, Job, Phase, Scrape, describe, firing_at, scrape, target
from tests.support.client import Client
from tests.support.waiting import wait_for
from tests.support.whole_system import WholeSystem, running_system

SOON = {"SWEEP_SECONDS": "0.5", "AUDIT_SECONDS": "0.5", "RING_SECONDS": "2", "MAIL_RETRY_SECONDS": "5"}
SOON |= {"QUEUE_VISIBILITY_SECONDS": "1", "MAIL_THREADS": "1"}
PLENTY = {"ORDERS_PER_MINUTE": "10000", "MAILS_WAITING_PER_USER": "10000"}
BEFORE, BROKEN, MENDED = 70, 30, 500  # minutes of a replay
RUNBOOK = ROOT / "docs" / "RUNBOOK.md"


@pytest.fixture(scope="module", autouse=True)
def promtool() -> None:
    install_if_missing("promtool", "prometheus")


class Watched:
    """A system, and what Prometheus asks of it."""

    def __init__(self, system: WholeSystem, worker_port: int, directory: Path) -> None:
        self.base, self.settings, self.directory = system.base, system.settings(), directory
        self.customer = Client(system.base).register()
        self._audit = directory / "audit.prom"
        self._flask("inventory", "set", "keyboard", "--stock", "100000")
        self.jobs: list[Job] = [
            ("orders-api", target(system.port)),
            ("orders-worker", target(worker_port)),
            ("node", self._audit_file),
        ]

    def scrape(self) -> Scrape:
        return scrape(self.jobs)

    def audit(self) -> None:
        self._flask("audit", "--metrics-file", str(self._audit))

    def _flask(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "flask", *arguments]
        environment = clean_environment(self.settings)
        subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)

    def break_(self, name: str) -> None:
        assert self.customer.put(f"/dev/break/{name}").status_code == 200

    def mend(self, name: str) -> None:
        assert self.customer.delete(f"/dev/break/{name}").status_code == 200

    def order(self) -> None:
        """What is answered, and whether, is not looked at here."""
        with suppress(requests.RequestException):
            self.customer.order({"keyboard": 1})

    def value(self, start: str, having: str = "") -> float:
        """The sum of the series that begin so, and have that in them; 0 without one."""
        found = self.scrape().items()
        return sum(value for name, value in found if name.startswith(start) and having in name)

    def _audit_file(self) -> bytes | None:
        return self._audit.read_bytes() if self._audit.exists() else None


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    port, directory = free_port(), tmp_path_factory.mktemp("alerts")
    with running_system(directory, WORKER_METRICS_PORT=str(port), **SOON, **PLENTY) as system:
        yield Watched(system, port, directory)


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
    before = well(watched)
    watched.break_(fault)
    wait_for(lambda: seen(watched), f"{fault} to be seen")
    broken = watched.scrape()
    if fault not in ("kill_api", "kill_worker", "deliver_twice"):
        watched.mend(fault)
    mended = well(watched)

    phases = [Phase(BEFORE, before), Phase(BROKEN, broken), Phase(MENDED, mended)]
    moments = [BEFORE - 1, BEFORE + BROKEN - 1, BEFORE + BROKEN + MENDED - 1]
    fired = firing_at(phases, moments, tmp_path)

    assert fired == {moments[0]: set(), moments[1]: set(alerts), moments[2]: set()}


def well(watched: Watched) -> Scrape:
    """A scrape in which all is well: nothing is down, late, held or dead, and no circuit is open."""
    wrong = (
        "circuit_open",
        "overdue_seconds",
        "mails_held",
        "queue_messages",
        "orders_in_state",
        "audit_findings",
    )

    def is_well() -> Scrape | None:
        found = watched.scrape()
        if any(value for name, value in found.items() if name.startswith("circuit_open")):
            watched.order()  # it closes when it is used
        up = [found[f'up{{job="{job}"}}'] for job in ("orders-api", "orders-worker")]
        if all(up) and not any(value for name, value in found.items() if name.startswith(wrong)):
            return found
        if any(value for name, value in found.items() if name.startswith("audit_findings")):
            watched.audit()
        return None

    wait_for(lambda: watched.value('up{job="orders-api"}') == 1, "the API")
    watched.audit()
    return wait_for(is_well, "all to be well", 180)


def test_what_cannot_be_broken_here_fires_on_numbers_as_the_program_writes_them(
    watched: Watched, tmp_path: Path
) -> None:
    """Of a real scrape the numbers are moved: many slow answers, a few errors for long, a step that fails."""
    real = well(watched)
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
    real = well(watched)
    overdue = 'overdue_seconds{{job="orders-worker",work="{}"}}'
    real |= {overdue.format("order"): 0.0, overdue.format("mail"): 0.0}
    late = {**real, overdue.format("order"): 6.0}
    ended = next(name for name in real if name.startswith("audit_finished"))
    real[ended] = late[ended] = 0.0  # promtool's time begins at 0

    phases = [Phase(10, real), Phase(20, late), Phase(300, real)]
    fired = firing_at(phases, [5, 25, 150, 320], tmp_path)

    assert fired == {5: set(), 25: {"OrdersAreLate"}, 150: set(), 320: {"AuditNotRun"}}


ALERTS: dict[str, Any] = describe(yaml.safe_load(RULES.read_text()))


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_has_its_section_in_the_runbook(alert: str) -> None:
    assert ALERTS[alert]["annotations"]["runbook_url"] == f"docs/RUNBOOK.md#{alert.lower()}"
    sections = re.split(r"^### ", RUNBOOK.read_text(), flags=re.M)
    section = next((text for text in sections if text.startswith(f"{alert}\n")), "")
    for heading in ("**Means:**", "**Look at:**", "**Do:**"):
        assert heading in section, f"{alert}: {heading}"


def test_each_alert_is_fired_by_a_test(request: pytest.FixtureRequest) -> None:
    text = Path(__file__).read_text()
    assert not [alert for alert in ALERTS if f'"{alert}"' not in text.partition("def test_each_alert")[0]]


def test_the_rules_and_the_configuration_are_sound() -> None:
    for command in (["check", "rules", RULES], ["check", "config", RULES.with_name("prometheus.yml")]):
        run = subprocess.run(["promtool", *map(str, command)], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr


def test_promtool_minds_nothing_in_our_metrics(watched: Watched) -> None:
    for port in (watched.jobs[0][1], watched.jobs[1][1]):
        text = port()
        assert text is not None
        run = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr


def test_the_dashboard_is_fresh_and_each_query_is_sound(tmp_path: Path) -> None:
    """Each expression is put into a rule, for promtool to parse, with a time for Grafana's own word."""
    assert json.loads(dashboard.FILE.read_text()) == dashboard.dashboard()
    queries = [query for panel in dashboard.PANELS for query in panel.queries]
    parsed = [query.replace("$__rate_interval", "5m") for query in queries]
    rules = [{"record": f"of:panel{number}", "expr": query} for number, query in enumerate(parsed)]
    path = tmp_path / "queries.json"
    path.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))

    run = subprocess.run(
        ["promtool", "check", "rules", str(path)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_each_number_on_the_dashboard_is_there_and_moves(watched: Watched) -> None:
    """But for those of the business step, which `make run` has none of."""
    queries = " ".join(query for panel in dashboard.PANELS for query in panel.queries)
    ends = "total|count|bucket|seconds|messages|state|open|held|findings"
    shown = set(re.findall(rf"\b(\w+_(?:{ends}))\b", queries)) - {"step_attempts_total"}
    assert len(shown) > 10
    scrapes = [well(watched)]
    faults = ("pause_ses", "stop_redis", "poison_message", "odd_document")
    for fault in faults:
        watched.break_(fault)
    deadline = time.monotonic() + 50  # within which nothing is mended by itself
    while shown - moving(scrapes) and time.monotonic() < deadline:
        order = watched.customer.order({"keyboard": 1}).json()
        watched.customer.get(f"/api/orders/{order['orderId']}")
        watched.audit()
        scrapes.append(watched.scrape())
    for fault in faults:
        watched.mend(fault)

    assert shown - moving(scrapes) == set()


def moving(scrapes: Sequence[Scrape]) -> set[str]:
    """The metrics of which some series has had more than one value."""
    series = {name for found in scrapes for name in found}
    values = {name: {found.get(name) for found in scrapes} for name in series}
    return {name.partition("{")[0] for name in series if len(values[name]) > 1}
