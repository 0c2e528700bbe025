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

from app.domain.catalogue import Kind, Query, Service
from app.domain.readings import Outcome, Reading, failed, plain
from app.domain.units import duration, shown
from app.errors import VendorError
from app.outbound import Client, Transport

STALE_AFTER = timedelta(minutes=5)
_METRICS_BACK = timedelta(hours=1)  # looked at a range, so that an old value is seen to be old and not taken for none
_METRICS_STEP_S = 60
_EVENTS_BACK = timedelta(minutes=15)  # logs and traces
_LINES = 5
_TRACES_READ = 20


@dataclass(frozen=True)
class _Found:
    text: str
    at: datetime
    number: float | None = None  # of a metric


class _Unreadable(Exception):
    """An answer that must not be taken for a value."""


@dataclass(frozen=True)
class _Call:
    """How one kind of query is asked, and how its answer is read."""

    path: str
    params: Callable[[str, datetime], dict[str, str | int | float]]
    read: Callable[[Any, Query], _Found | None]


@dataclass(frozen=True)
class _Source:
    """``pane``: how Explore calls it, and the field of its query there."""

    http: Client | None
    setting: str
    pane: Callable[[str], dict[str, object]]


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

        mimir = http("Mimir", mimir_url, mimir_instance_id)
        loki = http("Loki", loki_url, loki_instance_id)
        tempo = http("Tempo", tempo_url, tempo_instance_id)
        self._sources = {
            Kind.METRIC: _Source(mimir, "GRAFANA_MIMIR_URL", _pane("grafanacloud-prom", "expr")),
            Kind.LOGS: _Source(loki, "GRAFANA_LOKI_URL", _pane("grafanacloud-logs", "expr")),
            Kind.TRACES: _Source(
                tempo, "GRAFANA_TEMPO_URL", _pane("grafanacloud-traces", "query", queryType="traceql")
            ),
        }
        self._stack_url = stack_url

    async def aclose(self) -> None:
        for source in self._sources.values():
            if source.http:
                await source.http.aclose()

    async def snapshot(self, service: Service, at: datetime) -> list[Reading]:
        """Side by side, each failing alone."""
        name = service.name.encode(errors="replace").decode()[:200]
        return list(await asyncio.gather(*(self._reading(query, name, at) for query in service.asked)))

    async def _reading(self, asked: Query, name: str, at: datetime) -> Reading:
        source, call, query = self._sources[asked.kind], _CALLS[asked.kind], _for(asked.query, name)
        said = _for(asked.query, plain(name))  # a name from an alert is a stranger's text, and may hold anything
        if source.http is None:
            return failed(asked.label, f"not set up: {source.setting} is not set", query=said)
        link = self._explore(source, query, at) if said == query else None
        try:
            answer = await source.http.get_json(call.path, operation="query", params=call.params(query, at))
            found = call.read(answer, asked)
            if found is not None and found.at - at > STALE_AFTER:
                raise _Unreadable("the answer is about a later time than was asked for")
        except (VendorError, _Unreadable) as error:
            return failed(asked.label, str(error), query=said, link=link)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, OSError):
            return failed(asked.label, "the answer has an unknown shape", query=said, link=link)
        if found is None:
            return Reading(label=asked.label, outcome=Outcome.NO_DATA, query=said, link=link)
        outcome = Outcome.STALE if at - found.at > STALE_AFTER else Outcome.MEASURED
        slo = _slo(asked, found.number if outcome is Outcome.MEASURED else None)
        return Reading(
            label=asked.label, outcome=outcome, text=found.text, slo=slo, query=said, link=link, at=found.at
        )  # fmt: skip

    def _explore(self, source: _Source, query: str, at: datetime) -> str | None:
        if not self._stack_url:
            return None
        around = (("from", at - timedelta(minutes=30)), ("to", at + timedelta(minutes=30)))
        pane = {**source.pane(query), "range": {name: str(int(when.timestamp() * 1000)) for name, when in around}}
        return f"{self._stack_url}/explore?left={quote(json.dumps(pane), safe='')}"


def _pane(datasource: str, key: str, **more: str) -> Callable[[str], dict[str, object]]:
    return lambda query: {"datasource": datasource, "queries": [{"refId": "A", key: query, **more}]}


def _for(query: str, name: str) -> str:
    """The query with the service's name in it."""
    names = {"$JOB": _quoted("(.+/)?" + re.escape(name)), "$NAME": _quoted(name)}
    return re.sub(r"\$(?:JOB|NAME)\b", lambda found: names[found[0]], query)  # in one go: what is put in stays as it is


def _quoted(text: str) -> str:
    """A string literal of PromQL, LogQL and TraceQL (all read Go's). The name comes from an alert: it stays a name."""
    return json.dumps(text, ensure_ascii=False)


def _nanoseconds(at: datetime) -> str:
    return str(int(at.timestamp() * 1_000_000) * 1000)


def _moment(nanoseconds: str) -> datetime:
    return datetime.fromtimestamp(int(nanoseconds) / 1e9, UTC)


def _metric_params(query: str, at: datetime) -> dict[str, str | int | float]:
    begin = (at - _METRICS_BACK).timestamp()
    return {"query": query, "start": begin, "end": at.timestamp(), "step": _METRICS_STEP_S}


def _log_params(query: str, at: datetime) -> dict[str, str | int | float]:
    begin, end = _nanoseconds(at - _EVENTS_BACK), _nanoseconds(at)
    return {"query": query, "start": begin, "end": end, "limit": _LINES, "direction": "backward"}


def _trace_params(query: str, at: datetime) -> dict[str, str | int | float]:
    """Start and end, or Tempo searches only what came in last."""
    begin, end = int((at - _EVENTS_BACK).timestamp()), int(at.timestamp())
    return {"q": query, "limit": _TRACES_READ, "spss": 1, "start": begin, "end": end}


def _whole(answer: Any) -> Any:
    """The data of an answer of Mimir or Loki. Half the data would give another number."""
    if answer["status"] != "success":
        raise _Unreadable(f"the query failed: {plain(str(answer.get('error')))}")
    if answer.get("warnings"):
        raise _Unreadable(f"the answer is partial: {plain(str(answer['warnings'][0]))}")
    return answer["data"]


def _newest(answer: Any, asked: Query) -> _Found | None:
    """The last point of the one series. NaN is 0/0: there was nothing to measure."""
    data = _whole(answer)
    if data["resultType"] != "matrix":
        raise TypeError
    series = data["result"]
    if not series:
        return None
    if len(series) > 1:
        raise _Unreadable(f"one series was asked for, {len(series)} came")
    moment, text = series[0]["values"][-1]
    if not isinstance(text, str):
        raise TypeError
    value = float(text)
    if math.isnan(value):
        return None
    if math.isinf(value):
        raise _Unreadable(f"not a number: {plain(text)}")
    return _Found(shown(value, asked.unit), datetime.fromtimestamp(float(moment), UTC), value)


def _last_lines(answer: Any, _asked: Query) -> _Found | None:
    data = _whole(answer)
    if data["resultType"] != "streams":
        raise TypeError
    lines = [(_moment(value[0]), value[1]) for stream in data["result"] for value in stream["values"]]
    lines.sort(key=lambda line: line[0], reverse=True)
    if not lines:
        return None
    return _Found("\n".join(f"{at:%H:%M:%S} {plain(line)}" for at, line in lines[:_LINES]), lines[0][0])


def _slowest(answer: Any, _asked: Query) -> _Found | None:
    """Tempo leaves out what is empty or zero, but says at least what it looked at."""
    traces, looked = answer.get("traces") or [], answer.get("metrics") or {}
    if not {"traces", "metrics"} & answer.keys():
        raise KeyError
    jobs, done = looked.get("totalJobs"), looked.get("completedJobs")
    if len(traces) < _TRACES_READ and jobs and done is not None and int(done) < int(jobs):
        raise _Unreadable(f"the answer is partial: {int(done)} of {int(jobs)} parts were searched")
    if not traces:
        return None
    traces.sort(key=lambda one: int(one.get("durationMs") or 0), reverse=True)
    lines = (
        f"{duration(int(one.get('durationMs') or 0) / 1000)} {plain(str(one.get('rootServiceName') or '?'), 80)} "
        f"{plain(str(one.get('rootTraceName') or '?'), 100)} (trace {plain(str(one['traceID']), 32)})"
        for one in traces[:_LINES]
    )
    return _Found("\n".join(lines), max(_moment(one["startTimeUnixNano"]) for one in traces))


def _slo(asked: Query, value: float | None) -> str:
    """Nothing is judged that was not measured now."""
    verdict = "" if value is None else ": met" if asked.met(value) else ": missed"
    return f"{asked.slo}{verdict}" if asked.slo else ""


_CALLS = {
    Kind.METRIC: _Call("api/v1/query_range", _metric_params, _newest),
    Kind.LOGS: _Call("loki/api/v1/query_range", _log_params, _last_lines),
    Kind.TRACES: _Call("api/search", _trace_params, _slowest),
}
