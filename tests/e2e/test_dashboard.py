"""Grafana's dashboard and the metrics that it shows."""

import json
import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.grafana import dashboard
from tests.e2e.scrapes import Scrape
from tests.e2e.watched import Watched

pytestmark = pytest.mark.usefixtures("promtool")


def test_promtool_minds_nothing_in_our_metrics(watched: Watched) -> None:
    for port in (watched.jobs[0][1], watched.jobs[1][1]):
        text = port()
        assert text is not None
        run = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr


def test_the_dashboard_is_fresh_and_each_query_is_sound(tmp_path: Path) -> None:
    """Each expression is put into a rule, for promtool to parse, with a time for Grafana's own word."""
    assert dashboard.FILE.read_text() == dashboard.as_text()
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
    scrapes = [watched.well()]
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
