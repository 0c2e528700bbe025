"""People, and what they did. Nobody is invented (P-people), and a person's word is never just a string (P-gate)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from app.domain.gesture import Gesture
from app.signature import Verified

SYSTEM = "system"  # the actor of what no person asked for
NAME_MAX = 255  # of characters: an address, which can stand for a name, has no more


def _short(name: str) -> str:
    """On one line. It stands in every line of a postmortem that its owner is in, and a directory may hold anything."""
    return " ".join(name[: 10 * NAME_MAX].split())[:NAME_MAX]


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

    name: Annotated[str, AfterValidator(_short)]
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
