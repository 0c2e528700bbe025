"""JSON lines on stdout, each with its trace; ours and the libraries' alike. No secret is ever in one."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from opentelemetry import trace

_SECRET_WORDS = ("token", "secret", "password", "authorization", "api_key", "cookie")
# Libraries that log whole addresses or bodies at INFO; some of those are secrets (Slack's response_url).
_QUIET = ("httpx", "httpcore", "botocore", "aiobotocore", "slack_sdk", "slack_bolt", "uvicorn.access")

log: structlog.stdlib.BoundLogger = structlog.get_logger("incident-response")


def configure_command() -> None:
    """For a command that a person runs: standard output is for what they asked, so warnings go to standard error."""
    configure_logs("WARNING", sys.stderr)


def configure_logs(level: str, stream: TextIO) -> None:
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
