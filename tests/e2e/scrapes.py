"""Real scrapes of a running system, replayed for Prometheus' own tests of its rules.

Alerts wait for minutes and look at hours, so time is stretched: counters go in even steps from one scrape to
the next, and ages (`overdue_seconds`) grow as if a second had been two minutes.
"""

import json
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from local_stack.probes import http_get
from local_stack.programs import ROOT

RULES: Final = ROOT / "deploy" / "prometheus" / "alerts.yml"
_AGES: Final = ("overdue_seconds",)
_STRETCH: Final = 120

Scrape = dict[str, float]  # a series, as Prometheus writes it, and its value
Job = tuple[str, Callable[[], bytes | None]]  # its name, and what it answers; None when it does not


def target(port: int) -> Callable[[], bytes | None]:
    """What is served at that port of this machine."""

    def read() -> bytes | None:
        status, body = http_get(port, "/metrics")
        return body if status == 200 else None

    return read


def scrape(jobs: Sequence[Job]) -> Scrape:
    """All series of all jobs, with the labels and with the `up` that Prometheus gives them."""
    found: Scrape = {}
    for job, read in jobs:
        text = read()
        found[_series("up", {"job": job})] = float(text is not None)
        for family in text_string_to_metric_families((text or b"").decode()):
            for sample in family.samples:
                if not sample.name.endswith("_created"):
                    found[_series(sample.name, {**sample.labels, "job": job})] = sample.value
    return found


def _series(name: str, labels: Mapping[str, str]) -> str:
    return f"{name}{{{','.join(f'{key}={json.dumps(value)}' for key, value in sorted(labels.items()))}}}"


class Phase(NamedTuple):
    """So many minutes at whose end all was as in this scrape."""

    minutes: int
    end: Scrape


def firing_at(phases: Sequence[Phase], minutes: Sequence[int], directory: Path) -> dict[int, set[str]]:
    """The names of the alerts that fire at these minutes of the replay, as promtool says."""
    path = directory / "replay.json"  # JSON is YAML
    replay = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in _replay(phases)],
                "promql_expr_test": [
                    {"expr": f"count by (alertname) ({_FIRING})", "eval_time": f"{m}m", "exp_samples": []}
                    for m in minutes
                ],
            }
        ],
    }
    path.write_text(json.dumps(replay))
    run = subprocess.run(
        ["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False
    )
    return _fired(run.stdout + run.stderr, minutes)


_FIRING: Final = 'ALERTS{alertstate="firing"}'


def _fired(output: str, minutes: Sequence[int]) -> dict[int, set[str]]:
    """Nothing was expected, so promtool complains of what there is: that is its answer."""
    assert "SUCCESS" in output or "got:" in output, output
    fired: dict[int, set[str]] = {minute: set() for minute in minutes}
    for complaint in output.split("expr: ")[1:]:
        minute = _minutes(complaint.split("time: ")[1].split(",")[0])
        fired[minute] |= {part.split('"')[1] for part in complaint.split("got:")[1].split("alertname=")[1:]}
    return fired


def _minutes(duration: str) -> int:
    """Of Prometheus' `1h5m`."""
    parts = re.findall(r"(\d+)([dhms])", duration)
    return sum(int(number) * {"d": 86400, "h": 3600, "m": 60, "s": 1}[unit] for number, unit in parts) // 60


def _replay(phases: Sequence[Phase]) -> list[tuple[str, str]]:
    """Each series that a rule may ask for, with a value a minute; `_` while it is not there."""
    rules = RULES.read_text()
    series = {name for phase in phases for name in phase.end}
    names = sorted(name for name in series if re.search(rf"\b{name.partition('{')[0]}\b", rules))
    return [(name, " ".join(_values(name, phases))) for name in names]


def _values(name: str, phases: Sequence[Phase]) -> list[str]:
    values: list[str] = []
    before = phases[0].end.get(name)
    for phase in phases:
        after = phase.end.get(name)
        for minute in range(1, phase.minutes + 1):
            values.append("_" if after is None else f"{_at(name, before, after, minute, phase):.6g}")
        before = after
    return values


def _at(name: str, before: float | None, after: float, minute: int, phase: Phase) -> float:
    kind = name.partition("{")[0]
    if kind in _AGES:
        return after * _STRETCH * minute / phase.minutes
    if kind.endswith(("_total", "_count", "_bucket", "_sum")):
        return (before or 0.0) + (after - (before or 0.0)) * minute / phase.minutes
    return after
