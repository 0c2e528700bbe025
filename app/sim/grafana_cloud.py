"""Grafana Cloud, simulated: Mimir under /api/prom, Loki under /loki, Tempo under /tempo, an instance id each.

It knows one service. Queries are not evaluated: it is looked at whose they are and whether they are well formed, and
what is in the public fields is answered. Times are seconds before the end of the range that is asked for.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from app import clock
from app.sim import cast

MIMIR_ID, LOKI_ID, TEMPO_ID = "1001", "1002", "1003"
_SCOPES = {MIMIR_ID: "metrics:read", LOKI_ID: "logs:read", TEMPO_ID: "traces:read"}
_POINTS_MAX = 11_000
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True)
class LogLine:
    before_s: float
    text: str


@dataclass(frozen=True)
class TraceFound:
    before_s: float
    duration_ms: int
    name: str
    trace_id: str


@dataclass
class GrafanaCloudSim:
    """``error_rate`` (percent), ``p99`` (seconds), ``requests`` (a second): a number, "NaN", "+Inf", or None: no such
    series."""

    token: str = cast.GRAFANA_TOKEN
    scopes: set[str] = field(default_factory=lambda: {"metrics:read", "logs:read", "traces:read"})
    service: str = cast.SERVICE
    error_rate: float | str | None = 12.5
    p99: float | str | None = 1.84
    requests: float | str | None = 38.2
    age_s: float = 0.0  # how old the newest point is
    warnings: list[str] = field(default_factory=list)  # of Mimir and Loki
    parts: tuple[int, int] = (9, 9)  # searched by Tempo, of how many
    lines: list[LogLine] = field(
        default_factory=lambda: [
            LogLine(20, "ERROR payment declined: upstream 10.42.7.19:8443 timed out after 3000 ms"),
            LogLine(45, 'ERROR order failed for customer customer-4711@example.com: "connection reset"'),
            LogLine(70, "FATAL worker 7 exited: java.lang.OutOfMemoryError"),
            LogLine(95, "ERROR payment declined: upstream 10.42.7.19:8443 timed out after 3000 ms"),
            LogLine(110, "ERROR circuit breaker for payments is open"),
            LogLine(130, "ERROR payment declined: upstream 10.42.7.19:8443 timed out after 3000 ms"),
        ]
    )
    traces: list[TraceFound] = field(
        default_factory=lambda: [
            TraceFound(30, 3012, "POST /api/checkout", "2f3e0cee77ae5dc9c17ade3689eb2e54"),
            TraceFound(80, 1284, "GET /api/cart", "9c1d8f4be0a94a7f8f5de1d1d2ab1c33"),
        ]
    )

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/prom/api/v1/query", self._constant),
                Route("/api/prom/api/v1/query_range", self._metrics),
                Route("/loki/api/v1/labels", self._labels),
                Route("/loki/api/v1/query_range", self._logs),
                Route("/tempo/api/search", self._search),
                Route("/tempo/api/v2/search/tags", self._tags),
            ]
        )

    async def _metrics(self, request: Request) -> Response:
        asked = request.query_params
        if not self._allowed(request, MIMIR_ID):
            return JSONResponse({"status": "error", "error": "authentication error: invalid authentication"}, 401)
        service = self._named(r"job=~", asked.get("query", ""))
        if service is None:
            return _bad_data("parse error: unexpected end of input")
        try:
            start, end, step = (float(asked[name]) for name in ("start", "end", "step"))
        except (KeyError, ValueError):
            return _bad_data("invalid parameter")
        if step <= 0 or (end - start) / step > _POINTS_MAX:
            return _bad_data("exceeded maximum resolution of 11,000 points per timeseries")
        value = self._value(asked["query"])
        moments = [start + n * step for n in range(int((end - start) / step) + 1)]
        values = [[moment, str(value)] for moment in moments if moment <= end - self.age_s]
        ours = re.fullmatch(service, self.service) is not None
        result = [{"metric": {}, "values": values}] if ours and value is not None and values else []
        data = {"resultType": "matrix", "result": result}
        return JSONResponse({"status": "success", "data": data, **self._warned()})

    def _value(self, query: str) -> float | str | None:
        if "histogram_quantile" in query:
            return self.p99
        return self.error_rate if "5.." in query else self.requests

    async def _logs(self, request: Request) -> Response:
        asked = request.query_params
        if not self._allowed(request, LOKI_ID):
            return PlainTextResponse("authentication error: invalid token", 401)
        service = self._named(r"\{service_name=", asked.get("query", ""))
        if service is None:
            return PlainTextResponse("parse error at line 1, col 1: syntax error", 400)
        start, end, limit = (int(asked[name]) for name in ("start", "end", "limit"))
        times = [(end - int(line.before_s * 1e9), line.text) for line in self.lines]
        found = [[str(at), text] for at, text in sorted(times, reverse=True) if at >= start][:limit]
        streams = [{"stream": {"service_name": service}, "values": found}] if found and service == self.service else []
        data = {"resultType": "streams", "result": streams, "stats": {}}
        return JSONResponse({"status": "success", "data": data, **self._warned()})

    async def _search(self, request: Request) -> Response:
        asked = request.query_params
        if not self._allowed(request, TEMPO_ID):
            return PlainTextResponse("authentication error: invalid token", 401)
        service = self._named(r"\{resource\.service\.name=", asked.get("q", ""))
        if service is None:
            return PlainTextResponse("invalid TraceQL query: parse error", 400)
        if not {"start", "end"} <= asked.keys() or service != self.service:
            return JSONResponse({"traces": [], "metrics": {}})  # without both, the recent store alone is searched
        start, end = int(asked["start"]), int(asked["end"])
        found = [
            {
                "traceID": one.trace_id,
                "rootServiceName": self.service,
                "rootTraceName": one.name,
                "startTimeUnixNano": str(int((end - one.before_s) * 1e9)),
                "durationMs": one.duration_ms,
                "spanSets": [],
            }
            for one in self.traces
            if end - one.before_s >= start
        ]
        done, parts = self.parts
        looked = {"completedJobs": done, "totalJobs": parts}
        return JSONResponse({"traces": found[: int(asked.get("limit", "20"))], "metrics": looked})

    async def _constant(self, request: Request) -> Response:
        if not self._allowed(request, MIMIR_ID):
            return JSONResponse({"status": "error", "error": "authentication error: invalid authentication"}, 401)
        constant = re.fullmatch(r"vector\((\d+)\)", request.query_params.get("query", ""))
        if constant is None:
            return _bad_data("the sandbox evaluates vector(n) alone")
        result = [{"metric": {}, "value": [clock.now().timestamp(), constant[1]]}]
        return JSONResponse({"status": "success", "data": {"resultType": "vector", "result": result}})

    async def _labels(self, request: Request) -> Response:
        if not self._allowed(request, LOKI_ID):
            return PlainTextResponse("authentication error: invalid scope requested", 401)
        return JSONResponse({"status": "success", "data": ["service_name"]})

    async def _tags(self, request: Request) -> Response:
        if not self._allowed(request, TEMPO_ID):
            return PlainTextResponse("authentication error: invalid scope requested", 401)
        return JSONResponse({"scopes": [{"name": "resource", "tags": ["service.name"]}]})

    def _warned(self) -> dict[str, list[str]]:
        return {"warnings": self.warnings} if self.warnings else {}

    def _allowed(self, request: Request, instance_id: str) -> bool:
        if _SCOPES[instance_id] not in self.scopes:
            return False
        basic = base64.b64encode(f"{instance_id}:{self.token}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {basic}"

    def _named(self, before: str, query: str) -> str | None:
        """The string that the query matches the service with; None for a query that does not parse."""
        strings = [json.loads(quoted) for quoted in re.findall(before + f"({_STRING.pattern})", query)]
        rest = _STRING.sub("", query)  # what is left must be balanced: a name cannot have broken out of its quotes
        balanced = all(rest.count(a) == rest.count(b) for a, b in ("{}", "()", "[]")) and '"' not in rest
        return strings[0] if strings and len(set(strings)) == 1 and balanced else None


def _bad_data(why: str) -> Response:
    return JSONResponse({"status": "error", "errorType": "bad_data", "error": why}, 400)
