"""A text for customers, before anyone has decided about it. Pure.

``wire`` is the request body, byte for byte, that would be sent to Statuspage; ``sha256`` is over those bytes. What a
person approves, what is stored, and what is sent are therefore one thing, and can be compared (P-gate).
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


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


BODY_MAX = 3000  # what Slack's editor holds: nobody approves more than they were shown. Statuspage takes 25,000


class PublicText(BaseModel):
    """What the customer will read. Limit of the title: Statuspage, POST /pages/{page_id}/incidents."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    title: str = Field(min_length=1, max_length=255)
    status: PublicStatus
    body: str = Field(min_length=1, max_length=BODY_MAX)
    components: dict[str, str] = {}  # component id -> component status


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
    replaced_by: str | None = None  # the draft that superseded this one
    message_ts: str | None = None  # where it is shown in the room
    approved_by: str | None = None
    approved_at: datetime | None = None
    claim: str | None = None  # one value per POST: who holds it is sending
    claimed_until: float | None = None  # unix seconds, machine time: by then that POST is over, answered or not
    settled_at: datetime | None = None


def compose(draft_id: str, incident_id: str, text: PublicText, *, author: str, at: datetime) -> Draft:
    """A draft pending approval. The marker in its metadata is how a lost answer is found again (D7)."""
    wire = json.dumps(
        {
            "incident": {
                "name": text.title,
                "status": text.status.value,
                "body": text.body,
                **({"components": text.components, "component_ids": list(text.components)} if text.components else {}),
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
    )


def sha256_of(wire: str) -> str:
    return hashlib.sha256(wire.encode()).hexdigest()
