"""What buttons carry: exactly which text, or which other thing, of which incident their clicker saw (G2). Pure."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.domain.draft import Draft


class Ticket(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    incident: str
    draft: str
    sha256: str


def of(draft: Draft) -> str:
    return Ticket(incident=draft.incident_id, draft=draft.id, sha256=draft.sha256).model_dump_json()


class Rating(BaseModel):
    """What a star carries."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    incident: str
    stars: int = Field(ge=1, le=5)


class Snooze(BaseModel):
    """What a reminder's *Snooze* carries."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    incident: str
    minutes: int = Field(ge=1, le=60)


class Offer(BaseModel):
    """What *Accept* and *Decline* of a handoff carry: that one, and no later one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    incident: str
    handoff: str


class Tick(BaseModel):
    """What an item of the checklist carries."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    incident: str
    item: str


class TaskTicket(BaseModel):
    """What a task's *Done* carries."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    incident: str
    task: str


class _Any(BaseModel):
    incident: str


def incident_of(value: str) -> str | None:
    """What all of these carry; None for a value that is none of them."""
    try:
        return _Any.model_validate_json(value).incident
    except ValidationError:
        return None
