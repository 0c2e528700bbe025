"""What buttons carry: exactly which text, or which other thing, of which incident their clicker saw (G2). Pure."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.domain.draft import Draft
from app.errors import Refused


class _Carried(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls, value: str) -> Self:
        """Raises ``Refused``: a message keeps its buttons when we change what they carry."""
        try:
            return cls.model_validate_json(value)
        except ValidationError as error:
            raise Refused(
                "This button is of another version and does nothing any more. "
                "`/incident-response help` shows what you can do instead."
            ) from error


class Ticket(_Carried):
    incident: str
    draft: str
    sha256: str


def of(draft: Draft) -> str:
    return Ticket(incident=draft.incident_id, draft=draft.id, sha256=draft.sha256).model_dump_json()


class Rating(_Carried):
    """What a star carries."""

    incident: str
    stars: int = Field(ge=1, le=5)


class Snooze(_Carried):
    """What a reminder's *Snooze* carries."""

    incident: str
    minutes: int = Field(ge=1, le=60)


class Offer(_Carried):
    """What *Accept* and *Decline* of a handoff carry: that one, and no later one."""

    incident: str
    handoff: str


class Ending(_Carried):
    """What *Keep open* carries: the end of the incident's alerts that it was asked about, and no later one."""

    incident: str
    end: str


class Tick(_Carried):
    """What an item of the checklist carries."""

    incident: str
    item: str


class TaskTicket(_Carried):
    """What a task's *Done* carries."""

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
