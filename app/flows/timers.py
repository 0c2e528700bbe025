"""What a schedule puts into the queue, and the schedules that fire once."""

from __future__ import annotations

from datetime import datetime

from app import telemetry
from app.domain.schedule import SCHEDULED_TIME, Into, schedule_name
from app.ports import Timers
from app.queue.envelope import Envelope, lane

# Kinds of schedules that are of use only while the incident is open: its resolution removes them (S10).
WHILE_OPEN = ("attendance", "nudge", "unanswered", "checklist", "promise", "auto-resolve")


def timer_message(event: str, incident_id: str) -> Envelope:
    """The scheduled time makes each firing a message of its own; its work goes on in the trace of whoever asked."""
    return Envelope(
        kind=f"event:{event}",
        lane=lane("timer", incident_id),
        dedup_id=SCHEDULED_TIME,
        body=f'{{"incident_id":"{incident_id}","scheduled_at":"{SCHEDULED_TIME}"}}',
        trace=telemetry.carrier(),
    )


async def wake(
    timers: Timers, kind: str, event: str, incident_id: str, at: datetime, *, into: Into = Into.NUDGES
) -> str:
    """At that time ``app/events/<event>.py`` is asked about the incident; a later call moves it. The schedule's name.

    ``kind`` tells this schedule of the incident from its others.
    """
    name = schedule_name(kind, incident_id)
    await timers.once(name, at, message=timer_message(event, incident_id), into=into)
    return name
