"""What became of a drill, from its audit trail and its incident alone. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from app.domain.audit import AuditEvent, AuditType, verify
from app.domain.incident import Incident, Status

NO_ROOM = "no room was assembled in time; `audit show` and the processor's log say more"
# What a drill may not reach, whatever people do in its room (S9).
_OUTSIDE = {
    AuditType.STATUSPAGE_DRAFT_APPROVED: "a text was approved",
    AuditType.STATUSPAGE_PUBLISHED: "a text was published to customers",
    AuditType.STATUSPAGE_PUBLISH_UNKNOWN: "a text was sent to the status page",
    AuditType.STATUSPAGE_PUBLISH_FAILED: "a text was sent to the status page",
    AuditType.POSTMORTEM_CREATED: "a postmortem was filed in Linear",
    AuditType.TASK_FILED: "a task was filed in Linear",
}


@dataclass(frozen=True)
class Card:
    """Times in seconds after the alert was accepted; None: it did not happen. ``invited`` and ``members`` are no sign
    that somebody came: Slack makes a member of everybody who is invited. ``came``: who did something in the room."""

    incident: str
    accepted_ms: int
    assembled_ms: int | None
    invited: int
    members: int
    came: int
    first_human_s: float | None
    approval_s: float | None  # somebody pressed Approve & Publish, and was refused as a drill is
    resolved_s: float | None
    archive_at: str | None  # when its room will be archived
    missing: list[str]
    leaks: list[str]
    audit_events: int
    audit_verified: bool

    @property
    def ok(self) -> bool:
        return self.assembled_ms is not None and self.came > 0 and not self.leaks and self.audit_verified

    def as_json(self) -> dict[str, object]:
        return {"ok": self.ok, **asdict(self)}


def card(
    incident_id: str,
    incident: Incident | None,
    trail: Sequence[AuditEvent],
    *,
    accepted_ms: int,
    assembled_ms: int | None,
    schedules: Collection[str] = (),
) -> Card:
    """``schedules``: names of those that are there now, if somebody looked."""
    assembled = _first(trail, AuditType.WAR_ROOM_ASSEMBLED)
    archive = _first(trail, AuditType.ARCHIVE_SCHEDULED)
    members = {e.details["slack_id"] for e in trail if e.type is AuditType.RESPONDER_JOINED}
    members -= {e.details["slack_id"] for e in trail if e.type is AuditType.RESPONDER_LEFT}
    return Card(
        incident=incident_id,
        accepted_ms=accepted_ms,
        assembled_ms=assembled_ms if assembled else None,
        invited=sum(event.type is AuditType.RESPONDER_INVITED for event in trail),
        members=len(members),
        came=len({e.details["slack_id"] for e in trail if e.type is AuditType.RESPONDER_SEEN}),
        first_human_s=_after(trail, AuditType.RESPONDER_SEEN),
        approval_s=_after(trail, AuditType.STATUSPAGE_APPROVAL_REFUSED),
        resolved_s=_after(trail, AuditType.INCIDENT_RESOLVED),
        archive_at=str(archive.details["at"]) if archive else None,
        missing=list(assembled.details["missing"]) if assembled else [NO_ROOM],
        leaks=_leaks(incident_id, incident, trail, schedules),
        audit_events=len(trail),
        audit_verified=bool(trail) and not verify(trail),
    )


def _leaks(
    incident_id: str, incident: Incident | None, trail: Sequence[AuditEvent], schedules: Collection[str]
) -> list[str]:
    """What is left of it, and what it reached (S9, S10). That its room will be archived is no leak: it is told when."""
    if incident is None:
        return [f"the alert was accepted, and there is no incident {incident_id}"]
    leaks = list(dict.fromkeys(_OUTSIDE[event.type] for event in trail if event.type in _OUTSIDE))
    if incident.status is not Status.RESOLVED:
        return [*leaks, f"incident {incident_id} is still open: {incident.status.value}; resolve it in its room"]
    archiving = {str(e.details["schedule"]) for e in trail if e.type is AuditType.ARCHIVE_SCHEDULED}
    if incident.channel_id and not archiving and incident.archived_at is None:
        leaks.append(f"nothing will archive the room #{incident.channel_name}")
    left = sorted({*incident.schedules, *schedules} - archiving)
    return [*leaks, *(f"schedule {name}" for name in left)]


def _first(trail: Sequence[AuditEvent], kind: AuditType) -> AuditEvent | None:
    return next((event for event in trail if event.type is kind), None)


def _after(trail: Sequence[AuditEvent], kind: AuditType) -> float | None:
    found = _first(trail, kind)
    return round((found.at - trail[0].at).total_seconds(), 1) if found else None
