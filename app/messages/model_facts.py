"""What a model is shown, and what its words are held against afterwards. Pure.

An alert, a chat message, a commit: anybody can write those, so they are shown and are no source for what is so. What we
recorded ourselves is one, and so are the commander's updates and the texts that somebody approved for customers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.domain.audit import AuditEvent, AuditType
from app.domain.draft import PublicText
from app.domain.fact_check import Sources
from app.domain.incident import Incident
from app.domain.readings import Reading
from app.messages.markdown import duration
from app.messages.message import cut
from app.messages.postmortem_trail import words

TRAIL_MAX = 20_000  # characters of the trail that the model sees


@dataclass(frozen=True)
class Facts:
    shown: dict[str, str]  # by the name of the tag that they stand in
    sources: Sources


def for_customers(incident: Incident, trail: Sequence[AuditEvent], plain: PublicText) -> Facts:
    """``plain``: what would be said without a model, which is true in any case."""
    earlier = _published(trail)
    shown = {"status": plain.status.value, "alert": _alert(incident), "earlier_updates": "\n".join(earlier)}
    return Facts(shown, Sources(recorded=[plain.body, *earlier]))


def for_summary(incident: Incident, trail: Sequence[AuditEvent], commits: Reading) -> Facts:
    shown = {"alert": _alert(incident), "trail": _events(trail), "commits_before": commits.text}
    recorded = [*_milestones(incident), *(line for event in trail for line in _recorded(event)), *_published(trail)]
    reported = [_alert(incident), incident.service, commits.text, *(line for e in trail for line in _texts(e.details))]
    return Facts(shown, Sources(recorded, reported))


def _milestones(incident: Incident) -> list[str]:
    lines = [
        f"{incident.severity} incident {incident.id}",
        f"{_clock(incident.alert.at)} the incident began, the alert fired, the problem started",
        f"{len(incident.responders)} responders, people were invited",
        f"{incident.alert_count} alerts",
    ]
    for what, at in (("mitigated", incident.mitigated_at), ("resolved, ended", incident.resolved_at)):
        if at:
            lasted = at - incident.alert.at
            minutes = f"{round(lasted / timedelta(minutes=1))} minutes"
            lines.append(f"{_clock(at)} the incident was {what} after {duration(incident.alert.at, at)}, {minutes}")
    return lines


def _recorded(event: AuditEvent) -> list[str]:
    """What the event says by itself. Its texts are others', but for what the commander told everybody."""
    numbers = [f"{name} {value}" for name, value in event.details.items() if isinstance(value, int | float)]
    line = f"{_clock(event.at)} {words(event.type)} {' '.join(numbers)}".strip()
    update = event.type is AuditType.STATUS_UPDATE
    return [line, f"{_clock(event.at)} update: {event.details.get('text', '')}"] if update else [line]


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    return [text for inner in value for text in _texts(inner)] if isinstance(value, list | tuple) else []


def _alert(incident: Incident) -> str:
    return f"{incident.severity} on {incident.service}: {incident.alert.title}\n{incident.alert.summary}"


def _events(trail: Sequence[AuditEvent]) -> str:
    """Who did it is left out: the summary needs no names, and the people's section has them."""
    return cut(
        "\n".join(f"{_clock(e.at)} {e.type} {json.dumps(e.details, ensure_ascii=False, default=str)}" for e in trail),
        TRAIL_MAX,
    )


def _published(trail: Sequence[AuditEvent]) -> list[str]:
    bodies = {
        event.details.get("draft_id"): str(event.details.get("body", ""))
        for event in trail
        if event.type is AuditType.STATUSPAGE_DRAFT_CREATED
    }
    published = [event for event in trail if event.type is AuditType.STATUSPAGE_PUBLISHED]
    return [bodies.get(event.details.get("draft_id"), "") for event in published]


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M:%S}"
