"""Names of schedules: deterministic, so that they can be removed by whoever knows the incident. Pure."""

from __future__ import annotations

import hashlib
from enum import Enum, auto

# EventBridge Scheduler replaces this in a schedule's input: the same for every delivery of one firing, another for the
# next. https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"


class Into(Enum):
    """The queue that a schedule sends to: what waits for days need not wait behind the reminders of a busy hour."""

    NUDGES = auto()
    SLA_CHECKS = auto()


_NAME_MAX = 64  # CreateSchedule: Name, 1-64 of [0-9a-zA-Z-_.]


def schedule_name(kind: str, incident_id: str) -> str:
    """``incident-response-<kind>-<incident>``; hashed where that is too long, so that two never collide (T2)."""
    name = f"incident-response-{kind}-{incident_id}"
    if len(name) <= _NAME_MAX:
        return name
    return name[: _NAME_MAX - 17] + "-" + hashlib.sha256(name.encode()).hexdigest()[:16]
