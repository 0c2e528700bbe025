"""People, and what they did. Nobody is invented (P-people), and a person's word is never just a string (P-gate)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from app.domain.gesture import Gesture
from app.signature import Verified

SYSTEM = "system"  # the actor of what no person asked for


class Source(StrEnum):
    """Where a person came from; every invitation is audited with it."""

    ON_CALL = "on_call"
    DIRECTORY = "directory"
    REQUEST = "request"


class Role(StrEnum):
    """What somebody does beside the incident commander, whose place is the incident's own ``ic``."""

    DEPUTY = "deputy"  # takes command at once if the commander leaves
    COMMS = "comms"
    SCRIBE = "scribe"


class Person(BaseModel):
    """Somebody who should be in the room. ``slack_id`` is None until Slack knows the address."""

    model_config = ConfigDict(frozen=True)

    name: str
    email: str | None
    source: Source
    slack_id: str | None = None


@dataclass(frozen=True)
class OnCall:
    """Who is on call for an alert group, in the order of its escalation chain."""

    people: tuple[Person, ...]
    chain: str  # how they were found, in words: route, chain, schedule


class Human:
    """Someone whose gesture Slack signed. Exists only where the signature was checked over these very bytes."""

    __slots__ = ("slack_id", "team_id")

    def __init__(self, gesture: Gesture, proof: Verified) -> None:
        if not proof.covers(gesture.raw.encode()):
            raise RuntimeError("this proof is of other bytes: no Human without Slack's word for exactly this gesture")
        self.slack_id = gesture.user_id
        self.team_id = gesture.team_id

    @property
    def actor(self) -> str:
        """How the audit trail names them."""
        return f"slack:{self.slack_id}"
