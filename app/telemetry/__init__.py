"""What the pods tell about themselves: logs, traces, metrics. Nothing here may ever stop the work it tells about.

Logs are JSON on stdout, each line with its trace. Traces and metrics leave by OTLP over HTTP from a background thread,
and only when an endpoint is set; without one a trace is no more than the id that a message's log lines share.
"""

from app.telemetry.export import EXPORT_TIMEOUT_S, close, configure, export, export_numbers
from app.telemetry.logs import configure_command, log
from app.telemetry.meters import metrics
from app.telemetry.traces import apart, carrier, failed, note, span, story, traced, work

__all__ = [
    "EXPORT_TIMEOUT_S",
    "apart",
    "carrier",
    "close",
    "configure",
    "configure_command",
    "export",
    "export_numbers",
    "failed",
    "log",
    "metrics",
    "note",
    "span",
    "story",
    "traced",
    "work",
]
