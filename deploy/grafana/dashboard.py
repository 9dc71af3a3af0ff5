"""`python -m deploy.grafana.dashboard` writes dashboard.json, to be imported into Grafana 10 or later."""

from pathlib import Path
from typing import Final, NamedTuple

from grafana_foundation_sdk.builders import common, dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import TooltipDisplayMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef, GridPos

FILE: Final = Path(__file__).with_name("dashboard.json")
_SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${source}")
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


def as_text() -> str:
    """The dashboard, as Grafana imports it."""
    made = dashboard.Dashboard("Orders").uid("orders").refresh("30s").time("now-6h", "now")
    made.with_variable(dashboard.DatasourceVariable("source").type("prometheus"))
    for number, panel in enumerate(PANELS):
        made.with_panel(_built(number, panel))
    return JSONEncoder(sort_keys=True, indent=1).encode(made.build()) + "\n"


def _built(number: int, panel: Panel) -> timeseries.Panel:
    built = timeseries.Panel().id(number + 1).title(panel.title).description(panel.description)
    built.unit(panel.unit).min(0).datasource(_SOURCE)
    built.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    built.grid_pos(GridPos(x=number % 2 * _HALF, y=number // 2 * _HEIGHT, w=_HALF, h=_HEIGHT))
    for place, (expression, legend) in enumerate(panel.queries.items()):
        query = prometheus.Dataquery().expr(expression).legend_format(legend).datasource(_SOURCE)
        built.with_target(query.ref_id(chr(ord("A") + place)))
    return built


def main() -> None:
    FILE.write_text(as_text())
    print("Written:", FILE.name)


if __name__ == "__main__":
    main()
