"""Writes chart/files/dashboard.json: one row for the ceremony, one for the machine; a panel for each metric."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "chart" / "files" / "dashboard.json"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
OF = '{environment="$environment"}'  # the one that is chosen at the top
WIDTH, HEIGHT = 8, 7  # three in a row of Grafana's 24


def quantiles(metric: str, by: str = "") -> list[tuple[str, str]]:
    labels = f"le, {by}" if by else "le"
    legend = f"{{{{{by}}}}} " if by else ""
    return [
        (
            f"histogram_quantile({q}, sum by ({labels}) (rate({metric}_bucket{OF}[$__rate_interval])))",
            f"{legend}p{q * 100:g}",
        )
        for q in (0.5, 0.99)
    ]


def counted(metric: str, by: str = "") -> list[tuple[str, str]]:
    total = f"increase({metric}_total{OF}[$__range])"
    return [(f"sum by ({by}) ({total})", f"{{{{{by}}}}}")] if by else [(f"sum({total})", metric)]


def level(metric: str, by: str) -> list[tuple[str, str]]:
    return [(f"max by ({by}) ({metric}{OF})", f"{{{{{by}}}}}")]


# Title, unit of Grafana, what it shows, and the queries with their legends.
PANELS: dict[str, list[tuple[str, str, str, list[tuple[str, str]]]]] = {
    "The ceremony": [
        ("Alert to room", "s", "The promise: five minutes; the aim: seconds", quantiles("assembly_duration_seconds")),
        ("Rooms in time", "short", "yes: within five minutes", counted("room_assembled_count", "in_time")),
        ("Alert to first human", "s", "Until somebody in the room did something", quantiles("first_human_seconds")),
        ("Draft to approval", "s", "How long texts wait for a person", quantiles("approval_gate_latency_seconds")),
        ("Published", "short", "By outcome; UNKNOWN is looked up", counted("statuspage_publish_count", "outcome")),
        ("Resolved", "short", "Incidents", counted("incident_resolved_count")),
        ("Postmortems filed", "short", "In Linear", counted("postmortem_created_count")),
        ("People not found", "short", "By source of the lookup", counted("directory_lookup_failure_count", "source")),
        ("Alarms unheard", "short", "Nobody was left to tell", counted("alarm_unheard_count", "alarm")),
        ("Steps gone without", "short", "What a room had to do without", counted("step_failure_count", "step")),
        ("Alerts found by looking", "short", "OnCall had them, nobody told us", counted("alert_reconciled_count")),
    ],
    "The machine": [
        ("Works", "bool_yes_no", "0: something keeps it from its work", [(f"max(processor_ready{OF})", "processor")]),
        ("Waiting messages", "short", "By queue", level("queue_depth", "queue")),
        ("Dead letters", "short", "By queue; each carries its reason", level("dead_letter_depth", "queue")),
        ("Parked", "short", "Put into a dead-letter queue", counted("message_parked_count", "queue")),
        ("Age when work begins", "s", "By queue", quantiles("queue_age_seconds", "queue")),
        ("Behind its lane", "s", "What a message waited for those before it", quantiles("lane_lag_seconds", "queue")),
        ("Vendors' answers", "s", "Calls with their retries", quantiles("vendor_latency_seconds", "vendor")),
        ("Vendors left alone", "short", "1: five calls in a row had no answer", level("breaker_open", "vendor")),
        ("Gate violations", "short", "Found by the daily sweep", counted("gate_violation_count")),
        ("Trails swept", "short", "A point for each sweep that went through", [(f"max(swept_trails{OF})", "trails")]),
    ],
}  # fmt: skip


def dashboard() -> dict[str, Any]:
    panels: list[dict[str, Any]] = []
    top = 0
    for row, shown in PANELS.items():
        panels.append({"type": "row", "title": row, "gridPos": {"h": 1, "w": 24, "x": 0, "y": top}, "panels": []})
        for number, (title, unit, description, queries) in enumerate(shown):
            place = {"h": HEIGHT, "w": WIDTH, "x": number % 3 * WIDTH, "y": top + 1 + number // 3 * HEIGHT}
            panels.append(panel(title, unit, description, queries, place))
        top += 1 + -(-len(shown) // 3) * HEIGHT
    for number, one in enumerate(panels, start=1):
        one["id"] = number
    return {
        "uid": "incident-response",
        "title": "Incident response",
        "tags": ["incident-response"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}, environment()]},
        "panels": panels,
    }


def environment() -> dict[str, Any]:
    return {
        "name": "environment",
        "type": "query",
        "datasource": SOURCE,
        "query": "label_values(processor_ready, environment)",
        "refresh": 2,  # with the time range, too
    }


def panel(
    title: str, unit: str, description: str, queries: list[tuple[str, str]], place: dict[str, int]
) -> dict[str, Any]:
    return {
        "type": "timeseries",
        "title": title,
        "description": description,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": SOURCE, "expr": query, "legendFormat": legend}
            for number, (query, legend) in enumerate(queries)
        ],
    }


def written() -> str:
    return json.dumps(dashboard(), indent=2) + "\n"


if __name__ == "__main__":
    TARGET.write_text(written())
    sys.stdout.write(f"{TARGET.relative_to(ROOT)} written\n")
