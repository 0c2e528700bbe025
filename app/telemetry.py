"""What the pods tell about themselves: logs, traces, metrics. Nothing here may ever stop the work it tells about.

Logs are JSON on stdout, each line with its trace. Traces and metrics leave by OTLP over HTTP from a background thread,
and only when an endpoint is set; without one a trace is no more than the id that a message's log lines share.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Literal, TextIO

import structlog
from opentelemetry import metrics as otel_metrics
from opentelemetry import trace
from opentelemetry.context import get_current
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app.domain.draft import Draft, DraftState
from app.settings import ProcessorSettings, WebhookSettings

PLATFORM = "incident-response"
_EXPORT_TIMEOUT_S = 5
_LAST_EXPORT_S = 2.0  # what a pod's end may be held up by a collector that does not answer
_SECRET_WORDS = ("token", "secret", "password", "authorization", "api_key", "cookie")
# Libraries that log whole addresses or bodies at INFO; some of those are secrets (Slack's response_url).
_QUIET = ("httpx", "httpcore", "botocore", "aiobotocore", "slack_sdk", "slack_bolt", "uvicorn.access")

_w3c = TraceContextTextMapPropagator()  # no baggage: a stranger's has no business in our messages
_tracer = trace.get_tracer(PLATFORM)
log: structlog.stdlib.BoundLogger = structlog.get_logger(PLATFORM)

# ---------------------------------------------------------------- metrics: every name there is


class _Metrics:
    """Every number that we count, under its name. Recording cannot fail the work that it counts."""

    def __init__(self) -> None:
        meter = otel_metrics.get_meter(PLATFORM)
        count = meter.create_counter
        self._assembly = meter.create_histogram(
            "assembly_duration_seconds", "s", "From the alert's own time to the room standing"
        )
        self._approval = meter.create_histogram(
            "approval_gate_latency_seconds", "s", "From a draft's creation to its approval"
        )
        self._lookups = count("directory_lookup_failure_count", description="People could not be looked up, by source")
        self._published = count("statuspage_publish_count", description="Approved drafts, by outcome")
        self._resolved = count("incident_resolved_count", description="Incidents resolved")
        self._postmortems = count("postmortem_created_count", description="Postmortem drafts filed")
        self._steps = count("step_failure_count", description="Steps that an incident went on without, by step")
        self._reconciled = count("alert_reconciled_count", description="Open alert groups that nobody had told us of")
        self._parked = count("message_parked_count", description="Messages put into a dead-letter queue, by queue")

    def room_assembled(self, seconds: float) -> None:
        self._assembly.record(max(seconds, 0.0))

    def directory_lookup_failed(self, source: str) -> None:
        self._lookups.add(1, {"source": source})

    def published(self, draft: Draft) -> None:
        """What became of an approved draft; a lost answer that was settled later counts again, with its settlement."""
        self._published.add(1, {"outcome": draft.state.value})
        if draft.approved_at and draft.state is not DraftState.UNKNOWN:
            self._approval.record(max((draft.approved_at - draft.created_at).total_seconds(), 0.0))

    def incident_resolved(self) -> None:
        self._resolved.add(1)

    def postmortem_created(self) -> None:
        self._postmortems.add(1)

    def step_failed(self, step: str, why: str) -> None:
        self._steps.add(1, {"step": step})
        log.warning("step_failed", step=step, why=why)

    def alert_reconciled(self) -> None:
        self._reconciled.add(1)

    def parked(self, queue: str) -> None:
        self._parked.add(1, {"queue": queue})


metrics = _Metrics()

# ---------------------------------------------------------------- traces


def carrier() -> dict[str, str]:
    """The current trace as W3C headers, to travel with a message; {} where there is none."""
    headers: dict[str, str] = {}
    _w3c.inject(headers)
    return headers


@contextmanager
def work(name: str, parent: Mapping[str, str], **attributes: str | int) -> Iterator[None]:
    """One piece of work: a span that goes on with the ``carrier`` it came with, or with the work that it is part of,
    and ``note``s that end with it."""
    try:
        context = _w3c.extract(parent, context=get_current())
        with _tracer.start_as_current_span(name, context=context, attributes=attributes):
            yield
    finally:
        structlog.contextvars.clear_contextvars()


def note(**facts: str) -> None:
    """Facts for the current span, and for every further log line of this piece of work."""
    for name, fact in facts.items():
        trace.get_current_span().set_attribute(name, fact)
    structlog.contextvars.bind_contextvars(**facts)


def failed(error: Exception) -> None:
    """The current piece of work did not succeed."""
    span = trace.get_current_span()
    span.record_exception(error)
    span.set_status(trace.StatusCode.ERROR, type(error).__name__)


# ---------------------------------------------------------------- set-up

_exporting: list[TracerProvider | MeterProvider] = []


def configure(service: Literal["webhook", "processor"], settings: WebhookSettings | ProcessorSettings) -> None:
    """Once, at the start of a pod."""
    _configure_logs(settings.log_level, sys.stdout)
    endpoint = settings.otel_exporter_otlp_endpoint
    resource = Resource.create(
        {
            "service.name": f"{PLATFORM}-{service}",
            "service.namespace": PLATFORM,
            "agents.platform": PLATFORM,
            "deployment.environment": settings.environment,
        }
    )
    traces = TracerProvider(resource=resource, shutdown_on_exit=False)
    trace.set_tracer_provider(traces)  # with no endpoint too: it makes the ids that log lines are found by
    if endpoint is None:
        return
    spans = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=_EXPORT_TIMEOUT_S)
    traces.add_span_processor(BatchSpanProcessor(spans))
    numbers = OTLPMetricExporter(endpoint=f"{endpoint}/v1/metrics", timeout=_EXPORT_TIMEOUT_S)
    reader = PeriodicExportingMetricReader(numbers, export_timeout_millis=_EXPORT_TIMEOUT_S * 1000)
    counts = MeterProvider(resource=resource, metric_readers=[reader], shutdown_on_exit=False)
    otel_metrics.set_meter_provider(counts)
    _exporting.extend((traces, counts))


def close() -> None:
    """Once, at the end of a pod: what was not exported yet, as far as the collector takes it in time."""
    exports = [threading.Thread(target=provider.shutdown, daemon=True) for provider in _exporting]
    for export in exports:
        export.start()
    for export in exports:
        export.join(_LAST_EXPORT_S)
    _exporting.clear()


def configure_command() -> None:
    """For a command that a person runs: standard output is for what they asked, so warnings go to standard error."""
    _configure_logs("WARNING", sys.stderr)


def _configure_logs(level: str, stream: TextIO) -> None:
    """Our lines and the libraries' go through the same steps, so that every line has one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        _hide_secrets,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # One line for each batch that a collector did not take; not one for each of its retries.
    logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)


def _add_trace(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
        event["span_id"] = trace.format_span_id(context.span_id)
    return event


def _hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "***"
    return event
