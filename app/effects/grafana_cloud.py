"""Grafana Cloud: what metrics, logs and traces said about a service around a moment.

Mimir, Loki and Tempo have a host and an instance id each; the token is one. A failure never becomes a number: every
reading says whether it was measured, found nothing, failed or is old (S1).
https://grafana.com/docs/grafana-cloud/send-data/metrics/metrics-prometheus/query-http-api/
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from app.domain.readings import Outcome, Reading, failed, plain
from app.errors import VendorError
from app.outbound import Client, Transport

STALE_AFTER = timedelta(minutes=5)
_METRICS_BACK = timedelta(hours=1)  # looked at a range, so that an old value is seen to be old and not taken for none
_METRICS_STEP_S = 60
_EVENTS_BACK = timedelta(minutes=15)  # logs and traces
_LINES = 5
_TRACES_READ = 20

# Every query, with $JOB and $NAME for the service as a quoted string of the language. OpenTelemetry's names; ``job`` is
# the service's name, with its namespace and a slash in front if it has one.
# No failed request at all is an error rate of 0; no request at all is no data (0/0).
_REQUESTS = "sum(rate(http_server_request_duration_seconds_count{job=~$JOB}[5m]))"
_FAILURES = 'sum(rate(http_server_request_duration_seconds_count{job=~$JOB,http_response_status_code=~"5.."}[5m]))'
ERROR_RATE = f"100 * ({_FAILURES} or 0 * {_REQUESTS}) / {_REQUESTS}"
P99_LATENCY = "histogram_quantile(0.99, sum by (le) (rate(http_server_request_duration_seconds_bucket{job=~$JOB}[5m])))"
ERROR_LOGS = '{service_name=$NAME} |~ "(?i)(error|exception|fatal|panic)"'
BAD_TRACES = "{resource.service.name=$NAME && (status=error || duration>1s)}"


@dataclass(frozen=True)
class _Found:
    text: str
    at: datetime


class _Unreadable(Exception):
    """An answer that must not be taken for a value."""


@dataclass(frozen=True)
class _Source:
    """``datasource`` and ``key``: how Explore calls it, and the field of its query there."""

    http: Client | None
    setting: str
    datasource: str
    key: str


class GrafanaCloud:
    """``org_id`` is the instance id of each product that is not given its own. A product without a URL is said to be
    not set up; it is never left out in silence."""

    def __init__(
        self,
        token: str,
        org_id: str,
        *,
        mimir_url: str | None = None,
        mimir_instance_id: str | None = None,
        loki_url: str | None = None,
        loki_instance_id: str | None = None,
        tempo_url: str | None = None,
        tempo_instance_id: str | None = None,
        stack_url: str | None = None,
        transport: Transport | None = None,
    ) -> None:
        def http(vendor: str, url: str | None, instance_id: str | None) -> Client | None:
            return Client(vendor, url, auth=(instance_id or org_id, token), transport=transport) if url else None

        mimir = http("mimir", mimir_url, mimir_instance_id)
        loki = http("loki", loki_url, loki_instance_id)
        tempo = http("tempo", tempo_url, tempo_instance_id)
        self._mimir = _Source(mimir, "GRAFANA_MIMIR_URL", "grafanacloud-prom", "expr")
        self._loki = _Source(loki, "GRAFANA_LOKI_URL", "grafanacloud-logs", "expr")
        self._tempo = _Source(tempo, "GRAFANA_TEMPO_URL", "grafanacloud-traces", "query")
        self._stack_url = stack_url

    async def aclose(self) -> None:
        for source in (self._mimir, self._loki, self._tempo):
            if source.http:
                await source.http.aclose()

    async def snapshot(self, service: str, at: datetime) -> list[Reading]:
        """Side by side, each failing alone."""
        name = service.encode(errors="replace").decode()[:200]
        readings = await asyncio.gather(
            self._metric("Error rate", ERROR_RATE, name, at, lambda value: f"{value:.2f} %"),
            self._metric("p99 latency", P99_LATENCY, name, at, _duration),
            self._logs(name, at),
            self._traces(name, at),
        )
        return list(readings)

    async def _metric(self, label: str, query: str, name: str, at: datetime, show: Callable[[float], str]) -> Reading:
        query = query.replace("$JOB", _quoted("(.+/)?" + re.escape(name)))
        params: dict[str, str | int | float] = {
            "query": query,
            "start": (at - _METRICS_BACK).timestamp(),
            "end": at.timestamp(),
            "step": _METRICS_STEP_S,
        }
        return await self._reading(
            self._mimir, label, query, "api/v1/query_range", params, at, lambda answer: _newest(answer, show)
        )

    async def _logs(self, name: str, at: datetime) -> Reading:
        query = ERROR_LOGS.replace("$NAME", _quoted(name))
        params: dict[str, str | int | float] = {
            "query": query,
            "start": _nanoseconds(at - _EVENTS_BACK),
            "end": _nanoseconds(at),
            "limit": _LINES,
            "direction": "backward",
        }
        return await self._reading(
            self._loki, "Last error log lines", query, "loki/api/v1/query_range", params, at, _last_lines
        )

    async def _traces(self, name: str, at: datetime) -> Reading:
        query = BAD_TRACES.replace("$NAME", _quoted(name))
        params: dict[str, str | int | float] = {
            "q": query,
            "limit": _TRACES_READ,
            "spss": 1,
            # Both, or Tempo searches only what came in last.
            "start": int((at - _EVENTS_BACK).timestamp()),
            "end": int(at.timestamp()),
        }
        return await self._reading(self._tempo, "Failed or slow traces", query, "api/search", params, at, _slowest)

    async def _reading(
        self,
        source: _Source,
        label: str,
        query: str,
        path: str,
        params: dict[str, str | int | float],
        at: datetime,
        read: Callable[[Any], _Found | None],
    ) -> Reading:
        if source.http is None:
            return failed(label, f"not set up: {source.setting} is not set", query=query)
        link = self._explore(source, query, at)
        try:
            found = read(await source.http.get_json(path, operation="query", params=params))
        except (VendorError, _Unreadable) as error:
            return failed(label, str(error), query=query, link=link)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError):
            return failed(label, "the answer has an unknown shape", query=query, link=link)
        if found is None:
            return Reading(label=label, outcome=Outcome.NO_DATA, query=query, link=link)
        outcome = Outcome.STALE if at - found.at > STALE_AFTER else Outcome.MEASURED
        return Reading(label=label, outcome=outcome, text=found.text, query=query, link=link, at=found.at)

    def _explore(self, source: _Source, query: str, at: datetime) -> str | None:
        if not self._stack_url:
            return None
        begin, end = at - timedelta(minutes=30), at + timedelta(minutes=30)
        pane = {
            "datasource": source.datasource,
            "queries": [
                {"refId": "A", source.key: query, **({"queryType": "traceql"} if source is self._tempo else {})}
            ],
            "range": {"from": str(int(begin.timestamp() * 1000)), "to": str(int(end.timestamp() * 1000))},
        }
        return f"{self._stack_url}/explore?left={quote(json.dumps(pane), safe='')}"


def _quoted(text: str) -> str:
    """A string literal of PromQL, LogQL and TraceQL (all read Go's). The name comes from an alert: it stays a name."""
    return json.dumps(text, ensure_ascii=False)


def _nanoseconds(at: datetime) -> str:
    return str(int(at.timestamp() * 1_000_000) * 1000)


def _moment(nanoseconds: str) -> datetime:
    return datetime.fromtimestamp(int(nanoseconds) / 1e9, UTC)


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _newest(answer: Any, show: Callable[[float], str]) -> _Found | None:
    """The last point of the one series. NaN is 0/0: there was nothing to measure."""
    if answer["status"] != "success":
        raise _Unreadable(f"the query failed: {plain(str(answer.get('error')))}")
    if answer.get("warnings"):
        raise _Unreadable(f"the answer is partial: {plain(str(answer['warnings'][0]))}")
    series = answer["data"]["result"]
    if not series:
        return None
    if len(series) > 1:
        raise _Unreadable(f"one series was asked for, {len(series)} came")
    moment, text = series[0]["values"][-1]
    value = float(text)
    if math.isnan(value):
        return None
    if math.isinf(value):
        raise _Unreadable(f"not a number: {plain(text)}")
    return _Found(show(value), datetime.fromtimestamp(float(moment), UTC))


def _last_lines(answer: Any) -> _Found | None:
    if answer["status"] != "success":
        raise _Unreadable("the query failed")
    lines = [(_moment(value[0]), str(value[1])) for stream in answer["data"]["result"] for value in stream["values"]]
    lines.sort(key=lambda line: line[0], reverse=True)
    if not lines:
        return None
    return _Found("\n".join(f"{at:%H:%M:%S} {plain(line)}" for at, line in lines[:_LINES]), lines[0][0])


def _slowest(answer: Any) -> _Found | None:
    traces = sorted(answer.get("traces") or (), key=lambda one: int(one.get("durationMs") or 0), reverse=True)
    if not traces:
        return None
    lines = (
        f"{_duration(int(one.get('durationMs') or 0) / 1000)} {plain(str(one.get('rootServiceName') or '?'), 80)} "
        f"{plain(str(one.get('rootTraceName') or '?'), 100)} (trace {plain(str(one['traceID']), 32)})"
        for one in traces[:_LINES]
    )
    return _Found("\n".join(lines), max(_moment(one["startTimeUnixNano"]) for one in traces))
