"""What the daily sweep looks for: a publish without its approval, a trail that is not as it was written. Pure.

It asks nothing of the code that published, only of what is stored, as an auditor would (G7).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.audit import AuditEvent, AuditType, Export
from app.domain.people import SYSTEM

# Half of what an item lives: a head that is younger than this has its trail, however long its incident was open.
REMEMBERED = timedelta(days=183)


@dataclass(frozen=True)
class Head:
    """A trail's last event when its room was closed."""

    seq: int
    hash: str


@dataclass(frozen=True)
class Kept:
    """A head as it was put out of everybody's reach, and when."""

    incident_id: str
    head: Head
    at: datetime


def violations(export: Export, kept: Sequence[Head] = ()) -> list[str]:
    """In words, one line each; empty when everything is as it should be. Every kept head must be there, not the last.

    Whoever rewrites a trail may well be able to add a head that fits it; not to take the true one away.
    """
    found = [*export.problems(), *_unapproved(export.events)]
    there = {(event.seq, event.hash) for event in export.events}
    for head in kept:
        if (head.seq, head.hash) not in there:
            archived = f"the one that was archived when the room was closed ({head.hash[:16]}…)"
            found.append(f"number {head.seq} is not {archived}")
    return found


def vanished(kept: Sequence[Kept], there: Sequence[str], now: datetime) -> dict[str, list[str]]:
    """Incidents of which a head was archived and no trail is there any more, long before it may expire."""
    gone = {one.incident_id: one.at for one in kept if one.at > now - REMEMBERED}
    gone = {incident_id: at for incident_id, at in gone.items() if incident_id not in there}
    return {
        incident_id: [f"its head was archived on {at:%Y-%m-%d}, and its trail is gone"]
        for incident_id, at in gone.items()
    }


def _unapproved(events: Sequence[AuditEvent]) -> list[str]:
    """Each publish uses up one approval of exactly those bytes, given before it, by a person (P-gate)."""
    found: list[str] = []
    approvals: Counter[tuple[str, str]] = Counter()
    for event in events:
        text = (str(event.details.get("draft_id")), str(event.details.get("sha256")))
        if event.type is AuditType.STATUSPAGE_DRAFT_APPROVED:
            if event.actor == SYSTEM:
                found.append(f"number {event.seq}: approved by no person")
            approvals[text] += 1
        elif event.type is AuditType.STATUSPAGE_PUBLISHED:
            if not approvals[text]:
                found.append(f"number {event.seq}: draft {text[0]} was published, and these bytes were not approved")
            else:
                approvals[text] -= 1
    return found
