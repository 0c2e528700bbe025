"""What the daily sweep looks for: a publish without its approval, a trail that is not as it was written. Pure.

It asks nothing of the code that published, only of what is stored, as an auditor would (G7).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.audit import AuditEvent, AuditType, Export
from app.domain.people import SYSTEM


@dataclass(frozen=True)
class Head:
    """A trail's last event when its room was closed, as it was put out of everybody's reach."""

    seq: int
    hash: str


def violations(export: Export, kept: Head | None = None) -> list[str]:
    """In words, one line each; empty when everything is as it should be."""
    found = [*export.problems(), *_unapproved(export.events)]
    if kept is not None and not any((event.seq, event.hash) == (kept.seq, kept.hash) for event in export.events):
        found.append(f"number {kept.seq} is not the one that was archived when the room was closed ({kept.hash[:16]}…)")
    return found


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
