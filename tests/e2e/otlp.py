"""A collector that remembers: takes traces and metrics as OTLP over HTTP, and is asked for them afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import NumberDataPoint
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass(frozen=True)
class Span:
    pod: str
    name: str
    trace_id: str
    links: frozenset[str]  # ids of the traces that it points to


@dataclass
class Collector:
    spans: list[Span] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)  # of each histogram, how much it has recorded in all
    numbers: list[tuple[str, float]] = field(default_factory=list)  # counters and levels, as they came
    heard: threading.Event = field(default_factory=threading.Event)  # of numbers, for the first time

    @property
    def series(self) -> dict[str, float]:
        """Of each counter and level the last value, under the name that Prometheus gives it."""
        return dict(self.numbers)

    def app(self) -> Starlette:
        routes = [
            Route("/v1/traces", self._traces, methods=["POST"]),
            Route("/v1/metrics", self._metrics, methods=["POST"]),
        ]
        return Starlette(routes=routes)

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def in_trace(self, trace_id: str) -> set[str]:
        return {span.name for span in self.spans if span.trace_id == trace_id}

    async def _traces(self, request: Request) -> Response:
        told = ExportTraceServiceRequest.FromString(await request.body())
        self.spans += _spans(told)
        return Response(media_type="application/x-protobuf")

    async def _metrics(self, request: Request) -> Response:
        told = ExportMetricsServiceRequest.FromString(await request.body())
        for resource in told.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    name = _plain(metric.name)
                    if points := metric.histogram.data_points:
                        self.counted[metric.name] = sum(point.count for point in points)
                    self.numbers += [(f"{name}_total{_labels(one)}", _value(one)) for one in metric.sum.data_points]
                    self.numbers += [(f"{name}{_labels(one)}", _value(one)) for one in metric.gauge.data_points]
        self.heard.set()
        return Response(media_type="application/x-protobuf")


def _plain(name: str) -> str:
    return name.replace(".", "_")  # the SDK's own have dots


def _value(point: NumberDataPoint) -> float:
    return point.as_double or point.as_int


def _labels(point: NumberDataPoint) -> str:
    return "{" + ", ".join(sorted(f'{_plain(one.key)}="{one.value.string_value}"' for one in point.attributes)) + "}"


def _spans(told: ExportTraceServiceRequest) -> Iterator[Span]:
    for resource in told.resource_spans:
        pod = next(one.value.string_value for one in resource.resource.attributes if one.key == "service.name")
        for scope in resource.scope_spans:
            for span in scope.spans:
                links = frozenset(link.trace_id.hex() for link in span.links)
                yield Span(pod, span.name, span.trace_id.hex(), links)
