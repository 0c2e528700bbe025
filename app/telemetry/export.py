"""Set-up at the start of a pod, and the last export at its end."""

from __future__ import annotations

import sys
import threading
from typing import Literal

from opentelemetry import metrics as otel_metrics
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from app.settings import ProcessorSettings, WebhookSettings
from app.telemetry.logs import configure_logs
from app.telemetry.meters import metrics

PLATFORM = "incident-response"
EXPORT_TIMEOUT_S = 5
_LAST_EXPORT_S = 2.0  # what a pod's end may be held up by a collector that does not answer

_exporting: list[TracerProvider | MeterProvider] = []


def configure(service: Literal["webhook", "processor"], settings: WebhookSettings | ProcessorSettings) -> None:
    """Once, at the start of a pod."""
    configure_logs(settings.log_level, sys.stdout)
    export(service, settings.environment, settings.otel_exporter_otlp_endpoint)


def export(service: str, environment: str, endpoint: str | None) -> None:
    """From now on, until ``close``. Without an endpoint: nowhere."""
    metrics.of(environment)
    resource = Resource.create(
        {
            "service.name": f"{PLATFORM}-{service}",
            "service.namespace": PLATFORM,
            "agents.platform": PLATFORM,
            "deployment.environment": environment,
        }
    )
    traces = TracerProvider(resource=resource, shutdown_on_exit=False)
    trace.set_tracer_provider(traces)  # with no endpoint too: it makes the ids that log lines are found by
    if endpoint is None:
        return
    spans = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=EXPORT_TIMEOUT_S)
    traces.add_span_processor(BatchSpanProcessor(spans))
    numbers = OTLPMetricExporter(endpoint=f"{endpoint}/v1/metrics", timeout=EXPORT_TIMEOUT_S)
    reader = PeriodicExportingMetricReader(numbers, export_timeout_millis=EXPORT_TIMEOUT_S * 1000)
    counts = MeterProvider(resource=resource, metric_readers=[reader], shutdown_on_exit=False)
    otel_metrics.set_meter_provider(counts)
    _exporting.extend((traces, counts))


def export_numbers() -> None:
    """What has been counted so far, now, and not with the next minute's: a zero is only seen when it leaves alone."""
    for provider in _exporting:
        if isinstance(provider, MeterProvider):
            threading.Thread(target=provider.force_flush, daemon=True).start()


def close(within_s: float = _LAST_EXPORT_S) -> None:
    """Once, at the end of a pod: what was not exported yet, as far as the collector takes it in time (seconds)."""
    exports = [threading.Thread(target=provider.shutdown, daemon=True) for provider in _exporting]
    for export in exports:
        export.start()
    for export in exports:
        export.join(within_s)
    _exporting.clear()
