"""`python -m deploy.grafana.dashboard` writes dashboard.json, to be imported into Grafana 10 or later.

By hand it would be hundreds of lines of the same; grafana-foundation-sdk takes more lines to say this.
"""

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

FILE: Final = Path(__file__).with_name("dashboard.json")
_SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
_HALF, _HEIGHT = 12, 8


class Panel(NamedTuple):
    """`queries`: an expression, and what its lines are called."""

    title: str
    unit: str
    queries: dict[str, str]
    description: str = ""


def _rate(metric: str, by: str) -> str:
    return f"sum by ({by}) (rate({metric}[$__rate_interval]))"


_IN_TIME: Final = 'http_request_seconds_bucket{waited="no"}'
_HIT: Final = '{outcome="hit"}'
_READS: Final = "sum(rate(cache_reads_total{}[$__rate_interval]))"

PANELS: Final = (
    Panel(
        "Requests by route",
        "reqps",
        {_rate("http_request_seconds_count", "method, route"): "{{method}} {{route}}"},
    ),
    Panel(
        "Errors of ours by route",
        "reqps",
        {_rate('http_request_seconds_count{status=~"5.."}', "route, status"): "{{status}} {{route}}"},
        "5xx. What burns the budget of 1 in 1,000.",
    ),
    Panel(
        "Latency, without requests that wait for an order",
        "s",
        {
            f"histogram_quantile({share}, {_rate(_IN_TIME, 'le')})": name
            for share, name in ((0.5, "half"), (0.95, "95 %"), (0.99, "99 %"))
        },
    ),
    Panel(
        "99 % by route",
        "s",
        {f"histogram_quantile(0.99, {_rate(_IN_TIME, 'le, route')})": "{{route}}"},
    ),
    Panel("Orders by what became of them", "ops", {_rate("orders_total", "event"): "{{event}}"}),
    Panel(
        "How late the oldest work is",
        "s",
        {"max by (work) (overdue_seconds)": "{{work}}"},
        "Since when the longest due order and mail have been due: 0 when all is done in time.",
    ),
    Panel("Messages in the queue", "short", {"max by (state) (queue_messages)": "{{state}}"}),
    Panel("Mails by outcome", "ops", {_rate("mails_total", "outcome"): "{{outcome}}"}),
    Panel(
        "Reads of the cache",
        "percentunit",
        {f"{_READS.replace('{}', _HIT)} / {_READS.replace('{}', '')}": "hits"},
    ),
    Panel("Reservations, in order lines", "ops", {_rate("reservations_total", "outcome"): "{{outcome}}"}),
    Panel(
        "Dependencies that are not asked", "short", {"max by (dependency) (circuit_open)": "{{dependency}}"}
    ),
    Panel(
        "What waits for a person",
        "short",
        {"max by (state) (orders_in_state)": "{{state}}", "max(audit_findings)": "audit findings"},
    ),
    Panel(
        "Attempts of the business step",
        "ops",
        {_rate("step_attempts_total", "step, outcome"): "{{step}} {{outcome}}"},
    ),
    Panel("Mails that are held", "short", {"max by (reason) (mails_held)": "{{reason}}"}),
)


def dashboard() -> dict[str, Any]:
    return {
        "title": "Orders",
        "uid": "orders",
        "schemaVersion": 38,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]},
        "panels": [_panel(number, panel) for number, panel in enumerate(PANELS)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "gridPos": {"x": number % 2 * _HALF, "y": number // 2 * _HEIGHT, "w": _HALF, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": _SOURCE,
                "expr": expression,
                "legendFormat": legend,
            }
            for place, (expression, legend) in enumerate(panel.queries.items())
        ],
    }


def main() -> None:
    FILE.write_text(json.dumps(dashboard(), indent=1) + "\n")
    print("Written:", FILE.name)


if __name__ == "__main__":
    main()
