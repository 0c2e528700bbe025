"""The state of an incident as its trail alone tells it (P-audit). Written from what each event means, not from the code
that writes it: where the two differ, one of them is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.domain.audit import AuditEvent, AuditType
from app.domain.draft import DraftState
from app.domain.incident import Status
from app.domain.severity import Severity

_T = AuditType
_DRAFT_STATES = {
    _T.STATUSPAGE_DRAFT_CREATED: DraftState.PENDING_APPROVAL,
    _T.STATUSPAGE_DRAFT_SUPERSEDED: DraftState.SUPERSEDED,
    _T.STATUSPAGE_DRAFT_REJECTED: DraftState.REJECTED,
    _T.STATUSPAGE_DRAFT_APPROVED: DraftState.APPROVED,
    _T.STATUSPAGE_PUBLISHED: DraftState.PUBLISHED,
    _T.STATUSPAGE_PUBLISH_UNKNOWN: DraftState.UNKNOWN,
    _T.STATUSPAGE_PUBLISH_FAILED: DraftState.FAILED,
}


@dataclass
class Folded:
    """``facts``: fields of the incident, by name."""

    facts: dict[str, Any] = field(
        default_factory=lambda: {"status": None, "ic": None, "channel_id": None, "nudges_silenced": False, "ratings": {}}
    )
    drafts: dict[str, DraftState] = field(default_factory=dict)


def fold(trail: Sequence[AuditEvent]) -> Folded:
    folded = Folded()
    for event in trail:
        facts, details = folded.facts, event.details
        if event.type in _DRAFT_STATES:
            folded.drafts[details["draft_id"]] = _DRAFT_STATES[event.type]
        match event.type:
            case _T.ALERT_RECEIVED:
                opens = Severity(details["severity"]).opens_room
                facts["status"] = Status.ALERT_RECEIVED if opens else Status.TRACKED
            case _T.ASSEMBLY_STARTED:
                facts["status"] = Status.ROOM_ASSEMBLING
            case _T.WAR_ROOM_ASSEMBLED if facts["status"] is not Status.RESOLVED:
                facts["status"] = Status.ASSEMBLY_DEGRADED if details["missing"] else Status.ACTIVE
            case _T.INCIDENT_RESOLVED:
                facts["status"] = Status.RESOLVED
            case _T.WAR_ROOM_CREATED | _T.WAR_ROOM_ADOPTED:
                facts["channel_id"] = details["channel_id"]
            case _T.IC_ASSIGNED:
                facts["ic"] = details["ic"]
            case _T.NUDGES_SILENCED:
                facts["nudges_silenced"] = True
            case _T.RATING_GIVEN:
                facts["ratings"][event.actor.removeprefix("slack:")] = details["stars"]
            case _:
                pass
    return folded
