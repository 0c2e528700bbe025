"""What travels through the queue. Pure.

``kind`` says who works it: ``event:<name>`` goes to ``app/events/<name>.py``; ``slack`` is a person's gesture, whose
raw payload still carries Slack's signature, so that the processor can verify it again (the queue is not trusted with a
person's word). ``lane`` is the FIFO group: in order inside, parallel across.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import Park

GESTURE = "slack"
_OF_PEOPLE = ("slack:", "room:", "modal:")
_SQS_ID_CHARS = 128  # SQS: MessageGroupId and MessageDeduplicationId, 1-128 characters


class SlackSignature(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    timestamp: str
    v0: str


class Envelope(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    kind: Annotated[str, Field(pattern=r"^(event:[a-z_]+|slack)$")]
    lane: Annotated[str, Field(min_length=1, max_length=_SQS_ID_CHARS)]
    dedup_id: Annotated[str, Field(min_length=1, max_length=_SQS_ID_CHARS)]
    body: str
    signature: SlackSignature | None = None
    trace: dict[str, str] = {}

    @property
    def event(self) -> str | None:
        return self.kind.removeprefix("event:") if self.kind.startswith("event:") else None

    def encode(self) -> str:
        return self.model_dump_json()


def decode(text: str) -> Envelope:
    """Raises ``Park`` with the reason: what cannot be read now cannot be read later either (L6)."""
    try:
        return Envelope.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise Park(f"not an envelope: {where}: {first['msg']}") from error


def lane(kind: Literal["alert", "slack", "room", "modal", "timer", "settle"], key: str) -> str:
    """``alert:<alert_group>``, ``slack:<channel>`` for what people ask of us there and ``room:<channel>`` for what they
    do among themselves, ``modal:<user>``, ``timer:<incident>``, ``settle:<draft>``."""
    return _fit(f"{kind}:{key}")


def of_people(lane: str) -> bool:
    """Whether a person does what is in that lane, and may be waiting for an answer."""
    return lane.startswith(_OF_PEOPLE)


def dedup(*parts: str) -> str:
    """One id from what makes an event the same event. Never from a body: a retried body differs."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _fit(name: str) -> str:
    safe = "".join(c if c.isascii() and c.isprintable() and c != " " else "_" for c in name)
    if safe == name and len(name) <= _SQS_ID_CHARS:
        return name
    return safe[:60] + "~" + hashlib.sha256(name.encode()).hexdigest()[:32]
