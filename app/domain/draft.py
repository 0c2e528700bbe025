"""A text for customers, before anyone has decided about it. Pure.

``wire`` is the request body, byte for byte, that would be sent to Statuspage; ``sha256`` is over those bytes. What a
person approves, what is stored, and what is sent are therefore one thing, and can be compared (P-gate).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from app.domain.component import ComponentChange, ComponentStatus


class DraftState(StrEnum):
    PENDING_APPROVAL = "PENDING_APPROVAL"
    APPROVED = "APPROVED"  # and claimed: one POST is about to go out, or went out
    PUBLISHED = "PUBLISHED"
    REJECTED = "REJECTED"
    SUPERSEDED = "SUPERSEDED"
    FAILED = "FAILED"  # Statuspage refused, or never got it; may be approved anew
    UNKNOWN = "UNKNOWN"  # sent, no answer: settled by reading Statuspage


class PublicStatus(StrEnum):
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


COMPONENTS_MAX = 30  # what one card can show whole, whatever they are called
BODY_MAX = 3000  # what Slack's editor holds: nobody approves more than they were shown. Statuspage takes 25,000


class PublicText(BaseModel):
    """What the customer will read. Limit of the title: Statuspage, POST /pages/{page_id}/incidents."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    title: str = Field(min_length=1, max_length=255)
    status: PublicStatus
    body: str = Field(min_length=1, max_length=BODY_MAX)
    components: tuple[ComponentChange, ...] = Field(default=(), max_length=COMPONENTS_MAX)
    gone: tuple[str, ...] = ()  # components of earlier texts that the page did not list any more: nothing changes them


class Draft(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    incident_id: str
    text: PublicText
    wire: str
    sha256: str
    state: DraftState = DraftState.PENDING_APPROVAL
    author: str  # actor who wrote or last edited it; "system" for a generated one
    created_at: datetime
    valid_until: datetime  # nobody approves it after that: it may be true no more
    replaced_by: str | None = None  # the draft that superseded this one
    message_ts: str | None = None  # where it is shown in the room
    approved_by: str | None = None
    approved_at: datetime | None = None
    claim: str | None = None  # one value per POST: who holds it is sending
    claimed_until: float | None = None  # unix seconds, machine time: by then that POST is over, answered or not
    settled_at: datetime | None = None


def compose(draft_id: str, incident_id: str, text: PublicText, *, author: str, at: datetime, lasts: timedelta) -> Draft:
    """A draft pending approval. The marker in its metadata is how a lost answer is found again (D7)."""
    components = {change.id: change.after.value for change in text.components}
    wire = json.dumps(
        {
            "incident": {
                "name": text.title,
                "status": text.status.value,
                "body": text.body,
                **({"components": components, "component_ids": list(components)} if components else {}),
                "metadata": {"commander": {"incident_id": incident_id, "draft_id": draft_id}},
            }
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return Draft(
        id=draft_id,
        incident_id=incident_id,
        text=text,
        wire=wire,
        sha256=sha256_of(wire),
        author=author,
        created_at=at,
        valid_until=at + lasts,
    )


def still_changed(drafts: Sequence[Draft]) -> tuple[ComponentChange, ...]:
    """What the published ones of these did to components, and has not been put back."""
    latest = {change.id: change for change in _published(drafts)}
    before = at_first(drafts)
    return tuple(change for change in latest.values() if change.after is not _whole(before[change.id]))


def at_first(drafts: Sequence[Draft]) -> dict[str, str]:
    """What the page showed of each component before the first published one of these changed it."""
    return {change.id: change.before for change in reversed(_published(drafts))}


def _published(drafts: Sequence[Draft]) -> list[ComponentChange]:
    """What was done to components, in the order in which it was."""
    published = [draft for draft in drafts if draft.state is DraftState.PUBLISHED]
    in_order = sorted(published, key=lambda draft: draft.approved_at or draft.created_at)
    return [change for draft in in_order for change in draft.text.components]


def _whole(before: str) -> ComponentStatus:
    """Where a component belongs when the incident is over: into the maintenance that it was in, or else it works.
    Trouble that the page showed before the first text is most often this incident's, set by hand; people may edit."""
    planned = ComponentStatus.UNDER_MAINTENANCE
    return planned if before == planned else ComponentStatus.OPERATIONAL


def restoring(text: PublicText, drafts: Sequence[Draft]) -> PublicText:
    """A text that says *resolved* puts back what this incident's earlier ones changed, unless it says otherwise.

    Statuspage leaves the components of a resolved incident as they are.
    """
    if text.status is not PublicStatus.RESOLVED:
        return text
    named, before = {change.id for change in text.components}, at_first(drafts)
    back = tuple(
        change.model_copy(update={"before": change.after.value, "after": _whole(before[change.id])})
        for change in still_changed(drafts)
        if change.id not in named and change.id not in text.gone
    )
    return text.model_copy(update={"components": (*text.components, *back)}) if back else text


def sha256_of(wire: str) -> str:
    return hashlib.sha256(wire.encode()).hexdigest()
