"""The rules of the alerts, without a system: they are sound, and each has its section and its test."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_stack.programs import ROOT
from tests.e2e.scrapes import RULES

RUNBOOK = ROOT / "docs" / "RUNBOOK.md"
GROUPS = yaml.safe_load(RULES.read_text())["groups"]
ALERTS: dict[str, Any] = {
    rule["alert"]: rule for group in GROUPS for rule in group["rules"] if "alert" in rule
}


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_has_its_section_in_the_runbook(alert: str) -> None:
    assert ALERTS[alert]["annotations"]["runbook_url"] == f"docs/RUNBOOK.md#{alert.lower()}"
    sections = re.split(r"^### ", RUNBOOK.read_text(), flags=re.M)
    section = next((text for text in sections if text.startswith(f"{alert}\n")), "")
    for heading in ("**Means:**", "**Look at:**", "**Do:**"):
        assert heading in section, f"{alert}: {heading}"


def test_each_alert_is_fired_by_a_test() -> None:
    text = Path(__file__).with_name("test_alerts.py").read_text()
    assert not [alert for alert in ALERTS if f'"{alert}"' not in text]


def test_the_rules_and_the_configuration_are_sound(promtool: None) -> None:
    for command in (["check", "rules", RULES], ["check", "config", RULES.with_name("prometheus.yml")]):
        run = subprocess.run(["promtool", *map(str, command)], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
