"""Traces that follow a message through the queue, and notes for every line of one piece of work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog
from opentelemetry import trace
from opentelemetry.context import get_current
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_w3c = TraceContextTextMapPropagator()  # no baggage: a stranger's has no business in our messages
_tracer = trace.get_tracer("incident-response")


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
