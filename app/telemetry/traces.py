"""Traces that follow a message through the queue and an incident to its end, and notes for every line of one piece of
work.

An incident keeps the trace that it began with. What a gesture, a timer or a further alert does for it goes on in that
trace, and the message's own is linked: from either one finds the other.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import structlog
from opentelemetry import trace
from opentelemetry.context import Context, get_current
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app.errors import Refused

P = ParamSpec("P")
T = TypeVar("T")

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


@contextmanager
def story(name: str, began: Mapping[str, str]) -> Iterator[None]:
    """What is done for an incident, whose trace is the one that it ``began`` with."""
    context = _w3c.extract(began)
    theirs = trace.get_current_span(context).get_span_context()
    ours = trace.get_current_span()
    if not theirs.is_valid or theirs.trace_id == ours.get_span_context().trace_id:
        yield
        return
    ours.add_link(theirs)
    with _linked(name, context):
        yield


@contextmanager
def apart(name: str) -> Iterator[None]:
    """Where one incident gives rise to another: a trace of its own for that."""
    with _linked(name, Context()):
        yield


@contextmanager
def _linked(name: str, context: Context) -> Iterator[None]:
    ours = trace.get_current_span().get_span_context()
    with span(name, context, links=[trace.Link(ours)] if ours.is_valid else []):
        yield


@contextmanager
def span(name: str, context: Context | None = None, *, links: Sequence[trace.Link] = ()) -> Iterator[None]:
    """A part of the current piece of work. A refusal is an answer, and no failure."""
    with _tracer.start_as_current_span(
        name, context, links=links, record_exception=False, set_status_on_exception=False
    ):
        try:
            yield
        except Refused:
            raise
        except Exception as error:
            failed(error)
            raise


def traced(name: str) -> Callable[[Callable[P, Coroutine[Any, Any, T]]], Callable[P, Coroutine[Any, Any, T]]]:
    """Each call of the function is a ``span``."""

    def around(act: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        @wraps(act)
        async def call(*args: P.args, **kwargs: P.kwargs) -> T:
            with span(name):
                return await act(*args, **kwargs)

        return call

    return around


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
