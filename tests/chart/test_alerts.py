"""The alerts, by promtool's own cases; and that a spoiled alert turns one of them red."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import dashboard
from tests.chart.rendered import CHART, ROOT, render

CASES = sorted((ROOT / "tests" / "chart").glob("*alerts_test.yaml"))
RULES: dict[str, Any] = yaml.safe_load(
    (CHART / "files" / "alerts.yaml").read_text().replace("ENVIRONMENT", "production")
)
ALERTS = [rule["alert"] for rule in RULES["groups"][0]["rules"]]
PROMTOOL = shutil.which("promtool") or str(ROOT / ".cache" / "bin" / "promtool")  # put there by `make chart`


def promtool(rules: dict[str, Any], folder: Path, alert: str = "") -> subprocess.CompletedProcess[str]:
    """``alert``: only the files with cases of it."""
    (folder / "alerts.yaml").write_text(yaml.safe_dump(rules))
    chosen = [cases for cases in CASES if f"alertname: {alert}" in cases.read_text()]
    for cases in chosen:
        shutil.copy(cases, folder)
    command = [PROMTOOL, "test", "rules", *(cases.name for cases in chosen)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def spoiled(alert: str, part: str) -> dict[str, Any]:
    rules = copy.deepcopy(RULES)
    rule = next(rule for rule in rules["groups"][0]["rules"] if rule["alert"] == alert)
    if part == "for":
        del rule["for"]
    elif part == "matcher":
        rule["expr"] = re.sub(r'environment="production"(, )?', "", rule["expr"])
    else:
        del rule["labels"][part]
    return rules


def test_each_alert_fires_when_it_should_and_is_silent_when_it_should_be(tmp_path: Path) -> None:
    done = promtool(RULES, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_that_the_chart_renders_are_ones_that_prometheus_takes(tmp_path: Path) -> None:
    """By themselves too, as docs/telemetry.md gives them to Mimir or Grafana."""
    [rules] = [one for one in render("staging", "prometheusRule.enabled=true") if one["kind"] == "PrometheusRule"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules["spec"]))
    command = [PROMTOOL, "check", "rules", "--lint-fatal", "rules.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("part", ["for", "severity", "environment", "matcher"])
@pytest.mark.parametrize("alert", ALERTS)
def test_a_spoiled_alert_is_seen(alert: str, part: str, tmp_path: Path) -> None:
    assert promtool(spoiled(alert, part), tmp_path, alert).returncode != 0


@pytest.mark.parametrize("rule", RULES["groups"][0]["rules"], ids=ALERTS)
def test_each_alert_leads_to_its_page(rule: dict[str, Any]) -> None:
    page = rule["annotations"]["runbook_url"].removeprefix("RUNBOOKS/")
    assert (ROOT / "artifacts" / "runbook" / page).is_file()


def test_the_dashboard_is_what_its_script_writes() -> None:
    assert dashboard.TARGET.read_text() == dashboard.written(), "out of date: python scripts/dashboard.py"


def test_the_dashboard_is_sound() -> None:
    panels = json.loads(dashboard.written())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [panel["gridPos"] for panel in panels]
    taken = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    assert len(taken) == len(set(taken)), "two panels in one place"
    assert all(x < 24 for x, _ in taken)
    assert all(panel.get("description") for panel in panels if panel["type"] != "row")
