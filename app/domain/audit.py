"""The audit trail: numbered without a gap, each event carrying the hash of the one before (P-audit). Pure.

An auditor needs only this file and an export: ``verify`` asks nothing of AWS.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from app.domain.redaction import scrub

GENESIS = "0" * 64  # the hash "before" the first event


class AuditType(StrEnum):
    ALERT_RECEIVED = "ALERT_RECEIVED"
    ALERT_UPDATED = "ALERT_UPDATED"
    ALERT_JOINED = "ALERT_JOINED"
    ALERT_SPLIT_OFF = "ALERT_SPLIT_OFF"
    SEVERITY_CHANGED = "SEVERITY_CHANGED"
    STALE_EVENT_IGNORED = "STALE_EVENT_IGNORED"
    ASSEMBLY_STARTED = "ASSEMBLY_STARTED"
    WAR_ROOM_CREATED = "WAR_ROOM_CREATED"
    WAR_ROOM_ADOPTED = "WAR_ROOM_ADOPTED"
    RESPONDERS_RESOLVED = "RESPONDERS_RESOLVED"
    DIRECTORY_LOOKUP_FAILED = "DIRECTORY_LOOKUP_FAILED"
    RESPONDER_INVITED = "RESPONDER_INVITED"
    RESPONDER_NOT_INVITED = "RESPONDER_NOT_INVITED"
    NOBODY_INVITED_ESCALATED = "NOBODY_INVITED_ESCALATED"
    RESPONDER_JOINED = "RESPONDER_JOINED"
    RESPONDER_SEEN = "RESPONDER_SEEN"
    RESPONDER_LEFT = "RESPONDER_LEFT"
    NOBODY_HERE_ESCALATED = "NOBODY_HERE_ESCALATED"
    NOBODY_LEFT_TO_TELL = "NOBODY_LEFT_TO_TELL"
    IC_ASSIGNED = "IC_ASSIGNED"
    ROLE_ASSIGNED = "ROLE_ASSIGNED"
    HANDOFF_OFFERED = "HANDOFF_OFFERED"
    HANDOFF_ACCEPTED = "HANDOFF_ACCEPTED"
    HANDOFF_DECLINED = "HANDOFF_DECLINED"
    HANDOFF_CANCELLED = "HANDOFF_CANCELLED"
    COMMAND_VACANT = "COMMAND_VACANT"
    CONTEXT_POSTED = "CONTEXT_POSTED"
    HEADER_POSTED = "HEADER_POSTED"
    CHECKLIST_PINNED = "CHECKLIST_PINNED"
    NUDGE_SCHEDULED = "NUDGE_SCHEDULED"
    NUDGE_SENT = "NUDGE_SENT"
    NUDGE_ANSWERED = "NUDGE_ANSWERED"
    NUDGE_ESCALATED = "NUDGE_ESCALATED"
    NUDGES_SILENCED = "NUDGES_SILENCED"
    NUDGES_SNOOZED = "NUDGES_SNOOZED"
    NUDGES_RESUMED = "NUDGES_RESUMED"
    NUDGES_REMOVED = "NUDGES_REMOVED"
    STEP_FAILED = "STEP_FAILED"
    WAR_ROOM_ASSEMBLED = "WAR_ROOM_ASSEMBLED"
    STATUSPAGE_DRAFT_CREATED = "STATUSPAGE_DRAFT_CREATED"
    STATUSPAGE_DRAFT_SHOWN = "STATUSPAGE_DRAFT_SHOWN"
    STATUSPAGE_DRAFT_SUPERSEDED = "STATUSPAGE_DRAFT_SUPERSEDED"
    STATUSPAGE_DRAFT_REJECTED = "STATUSPAGE_DRAFT_REJECTED"
    STATUSPAGE_DRAFT_APPROVED = "STATUSPAGE_DRAFT_APPROVED"
    STATUSPAGE_APPROVAL_REFUSED = "STATUSPAGE_APPROVAL_REFUSED"
    STATUSPAGE_PUBLISHED = "STATUSPAGE_PUBLISHED"
    STATUSPAGE_PUBLISH_UNKNOWN = "STATUSPAGE_PUBLISH_UNKNOWN"
    STATUSPAGE_PUBLISH_FAILED = "STATUSPAGE_PUBLISH_FAILED"
    PUBLIC_INCIDENT_GONE = "PUBLIC_INCIDENT_GONE"
    UPDATE_PROMISED = "UPDATE_PROMISED"
    PROMISE_REMINDED = "PROMISE_REMINDED"
    PROMISE_BROKEN = "PROMISE_BROKEN"
    PROMISE_DROPPED = "PROMISE_DROPPED"
    STATUS_UPDATE = "STATUS_UPDATE"
    TIMELINE_NOTE = "TIMELINE_NOTE"
    CHECKLIST_TICKED = "CHECKLIST_TICKED"
    TASK_ADDED = "TASK_ADDED"
    TASK_DONE = "TASK_DONE"
    INCIDENT_MITIGATED = "INCIDENT_MITIGATED"
    MITIGATION_TAKEN_BACK = "MITIGATION_TAKEN_BACK"
    RESOLUTION_PROPOSED = "RESOLUTION_PROPOSED"
    RESOLUTION_WITHDRAWN = "RESOLUTION_WITHDRAWN"
    INCIDENT_RESOLVED = "INCIDENT_RESOLVED"
    INCIDENT_REOPENED = "INCIDENT_REOPENED"
    POSTMORTEM_WRITTEN = "POSTMORTEM_WRITTEN"
    POSTMORTEM_CREATED = "POSTMORTEM_CREATED"
    TASK_FILED = "TASK_FILED"
    RESOLUTION_ANNOUNCED = "RESOLUTION_ANNOUNCED"
    RATING_ASKED = "RATING_ASKED"
    RATING_GIVEN = "RATING_GIVEN"
    RATING_FOLLOWED_UP = "RATING_FOLLOWED_UP"
    RATING_SKIPPED = "RATING_SKIPPED"
    POSTMORTEM_REVIEWED = "POSTMORTEM_REVIEWED"
    POSTMORTEM_OVERDUE = "POSTMORTEM_OVERDUE"
    POSTMORTEM_UNREADABLE = "POSTMORTEM_UNREADABLE"
    ARCHIVE_SCHEDULED = "ARCHIVE_SCHEDULED"
    ARCHIVE_POSTPONED = "ARCHIVE_POSTPONED"
    WAR_ROOM_ARCHIVED = "WAR_ROOM_ARCHIVED"
    COMMAND_REFUSED = "COMMAND_REFUSED"


class Fact(BaseModel):
    """Something that is about to be recorded: the ledger gives it its number and its hash."""

    model_config = ConfigDict(frozen=True)

    type: AuditType
    actor: str
    details: dict[str, Any] = {}


class AuditEvent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    incident_id: str
    seq: int
    type: AuditType
    actor: str
    at: datetime
    details: dict[str, Any]
    prev: str
    hash: str


def chain(incident_id: str, seq: int, head: str, facts: Sequence[Fact], at: datetime) -> list[AuditEvent]:
    """The events that follow number ``seq`` with hash ``head`` (0 and "" for the first of a trail)."""
    events: list[AuditEvent] = []
    prev = head or GENESIS
    for number, fact in enumerate(facts, start=seq + 1):
        details = scrub(fact.details)
        digest = _digest(incident_id, number, fact.type, fact.actor, at, details, prev)
        events.append(
            AuditEvent(
                incident_id=incident_id, seq=number, type=fact.type, actor=fact.actor,
                at=at, details=details, prev=prev, hash=digest,
            )
        )  # fmt: skip
        prev = digest
    return events


def verify(events: Sequence[AuditEvent]) -> list[str]:
    """What is wrong with a whole trail, one line each; empty when it is as it was written."""
    problems: list[str] = []
    prev = GENESIS
    for expected, event in enumerate(events, start=1):
        if event.seq != expected:
            problems.append(f"number {expected} is missing: found {event.seq} in its place")
            break
        if event.prev != prev:
            problems.append(f"number {event.seq} does not follow number {event.seq - 1}: its link is to another event")
        digest = _digest(event.incident_id, event.seq, event.type, event.actor, event.at, event.details, event.prev)
        if event.hash != digest:
            problems.append(f"number {event.seq} ({event.type}) was changed after it was written")
        if event.incident_id != events[0].incident_id:
            problems.append(f"number {event.seq} belongs to incident {event.incident_id}")
        prev = event.hash
    return problems


class Export(BaseModel):
    """A trail that can leave the house. ``seq`` and ``head`` are the incident's own, so a cut tail shows."""

    model_config = ConfigDict(extra="forbid")

    incident_id: str
    seq: int
    head: str
    events: list[AuditEvent]

    def problems(self) -> list[str]:
        found = verify(self.events)
        last = self.events[-1] if self.events else None
        if not last or (last.seq, last.hash) != (self.seq, self.head):
            further = last is not None and last.seq > self.seq
            why = "somebody wrote behind its end" if further else "its end is missing"
            found.append(f"the trail should end with number {self.seq} ({self.head[:16]}…) and does not: {why}")
        if any(event.incident_id != self.incident_id for event in self.events):
            found.append(f"not all events are of incident {self.incident_id}")
        return found


def _digest(
    incident_id: str, seq: int, type_: str, actor: str, at: datetime, details: Mapping[str, Any], prev: str
) -> str:
    canonical = json.dumps(
        [incident_id, seq, str(type_), actor, at.isoformat(), details, prev],
        sort_keys=True, separators=(",", ":"), ensure_ascii=False,
    )  # fmt: skip
    return hashlib.sha256(canonical.encode()).hexdigest()
