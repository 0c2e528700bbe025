"""Alerts and dashboard ask for series that the pods export: under the names, with the labels and the values that these
have once Prometheus has taken them in."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from opentelemetry import metrics as otel_metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import Histogram, InMemoryMetricReader, Metric, Sum

from app.domain.draft import DraftState
from app.telemetry.meters import _Metrics
from tests.architecture.tree import text
from tests.factories import AT, draft, incident

Exported = Mapping[str, Mapping[str, set[str]]]  # by the series' name: the values of each of its labels

# Each thing that can be told, told once.
TOLD: dict[str, Callable[[_Metrics], object]] = {
    "begin": lambda told: told.begin(["events.fifo"]),
    "room_assembled": lambda told: told.room_assembled(7),
    "first_human": lambda told: told.first_human(9),
    "directory_lookup_failed": lambda told: told.directory_lookup_failed("directory"),
    "unheard": lambda told: told.unheard("nobody_invited", "inc1", "no answer"),
    "published": lambda told: told.published(
        draft(incident()).model_copy(update={"state": DraftState.PUBLISHED, "approved_at": AT + timedelta(minutes=1)})
    ),
    "swept": lambda told: told.swept(3, 1),
    "incident_resolved": lambda told: told.incident_resolved(),
    "postmortem_created": lambda told: told.postmortem_created(),
    "step_failed": lambda told: told.step_failed("post_context", "no answer"),
    "alert_reconciled": lambda told: told.alert_reconciled(),
    "ready": lambda told: told.ready(True),
    "begun": lambda told: told.begun("events.fifo", age_s=1, lag_s=0),
    "parked": lambda told: told.parked("events.fifo"),
    "depths": lambda told: told.depths("events.fifo", 1, 0),
    "called": lambda told: told.called("linear", "ok", 0.2),
    "breaker": lambda told: told.breaker("linear", is_open=True),
}
_SELECTOR = re.compile(r"\b([a-z]+(?:_[a-z]+)+)\b(?!\()(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)=~?"([^"]*)"')
_BY = re.compile(r"\bby \(([^)]*)\)")
_SHOWN = re.compile(r"\$labels\.(\w+)")


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Exported:
    reader = InMemoryMetricReader()
    monkeypatch.setattr(otel_metrics, "get_meter", MeterProvider(metric_readers=[reader]).get_meter)
    told = _Metrics()
    told.of("production")
    for tell in TOLD.values():
        tell(told)
    data = reader.get_metrics_data()
    assert data is not None
    found: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for metric in (m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics):
        for name in _prometheus(metric):
            for point in metric.data.data_points:
                for label, value in (point.attributes or {}).items():
                    found[name][label].add(str(value))
            if name.endswith("_bucket"):
                found[name]["le"] |= {"5", "300", "+Inf"}
    return found


def _prometheus(metric: Metric) -> list[str]:
    """The unit's name and the kind's suffixes, as OpenTelemetry's specification has it (compatibility/prometheus)."""
    name = metric.name
    if metric.unit == "s" and not name.endswith("_seconds"):
        name += "_seconds"
    if isinstance(metric.data, Histogram):
        return [f"{name}_{suffix}" for suffix in ("bucket", "count", "sum")]
    counter = isinstance(metric.data, Sum) and metric.data.is_monotonic
    return [f"{name}_total" if counter else name]


def queries() -> Iterator[tuple[str, str, str]]:
    """Where it stands, the query, and the words around it, which may name labels."""
    rules = yaml.safe_load(text(Path("chart/files/alerts.yaml")))
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        yield rule["alert"], rule["expr"], json.dumps(rule["annotations"])
    dashboard = json.loads(text(Path("chart/files/dashboard.json")))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            legend = target["legendFormat"]
            yield panel["title"], target["expr"], re.sub(r"\{\{(\w+)\}\}", r"$labels.\1", legend)
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"], ""


def selected(query: str) -> list[tuple[str, dict[str, str]]]:
    """Each series that a query names, with its matchers."""
    bare = re.sub(r"\$__\w+", "1m", _BY.sub("", query))
    return [(name, dict(_MATCHER.findall(matchers))) for name, matchers in _SELECTOR.findall(bare)]


def wrong(query: str, words: str, exported: Exported) -> list[str]:
    found: list[str] = []
    known = set[str]()
    for name, matchers in selected(query):
        if name not in exported:
            found.append(f"nothing exports {name}")
            continue
        known |= set(exported[name])
        for label, value in matchers.items():
            values = exported[name].get(label)
            if values is None:
                found.append(f"{name} has no label {label}")
            elif label != "environment":
                found += [f"{label} of {name} is never {one}" for one in value.split("|") if one not in values]
    grouped = {label.strip() for labels in _BY.findall(query) for label in labels.split(",")}
    found += [f"no series of it has the label {label}" for label in sorted(grouped - known)]
    kept = grouped or known
    found += [
        f"its words name {label}, which the query does not keep" for label in sorted(set(_SHOWN.findall(words)) - kept)
    ]
    return found


def test_everything_that_can_be_told_is_told_here() -> None:
    tellable = {name for name in vars(_Metrics) if not name.startswith("_")} - {"of"}
    assert set(TOLD) == tellable


def test_alerts_and_dashboard_ask_for_series_that_are_exported(exported: Exported) -> None:
    problems = [(where, problem) for where, query, words in queries() for problem in wrong(query, words, exported)]
    assert problems == []


def test_every_number_is_looked_at(exported: Exported) -> None:
    def stem(name: str) -> str:
        return re.sub(r"(?<=_seconds)_(bucket|count|sum)$", "", name)

    asked = {stem(name) for _, query, _ in queries() for name, _ in selected(query)}
    assert {stem(name) for name in exported} - asked == set()


def test_every_series_says_whose_it_is_and_every_query_asks_whose(exported: Exported) -> None:
    """Two deployments may tell one Prometheus: one that works must not hide another that does not."""
    assert [name for name, labels in exported.items() if labels["environment"] != {"production"}] == []
    unasked = [
        (where, name)
        for where, query, _ in queries()
        for name, matchers in selected(query)
        if "environment" not in matchers and not query.startswith("label_values(")
    ]
    assert unasked == []


@pytest.mark.parametrize(
    ("query", "words", "says"),
    [
        ("max(procesor_ready)", "", "nothing exports procesor_ready"),
        ("rate(assembly_duration_seconds[5m])", "", "nothing exports assembly_duration_seconds"),
        ("increase(parked_count_total[5m])", "", "nothing exports parked_count_total"),
        ("increase(message_parked_count[5m])", "", "nothing exports message_parked_count"),
        ('queue_depth{lane="a"}', "", "queue_depth has no label lane"),
        ('room_assembled_count_total{in_time="false"}', "", "in_time of room_assembled_count_total is never false"),
        ("sum by (vendor) (queue_depth)", "", "no series of it has the label vendor"),
        ("max(breaker_open) by (environment)", "{{ $labels.vendor }}",
         "its words name vendor, which the query does not keep"),
    ],
)  # fmt: skip
def test_a_query_for_what_is_not_there_is_seen(query: str, words: str, says: str, exported: Exported) -> None:
    assert wrong(query, words, exported) == [says]
