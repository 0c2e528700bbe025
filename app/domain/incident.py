"""The incident: its states, what is known of it, and how it may change. Pure.

Instances are frozen; a change makes a new one. Nothing is written here: ``app.ledger`` commits a changed incident
together with the audit events of the change, or not at all (P-audit).
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from app.domain.alert import Alert
from app.domain.people import Source
from app.domain.severity import Severity

_CHANNEL_MAX = 80  # Slack: conversations.create, name


class Status(StrEnum):
    ALERT_RECEIVED = "ALERT_RECEIVED"
    ROOM_ASSEMBLING = "ROOM_ASSEMBLING"
    ACTIVE = "ACTIVE"
    ASSEMBLY_DEGRADED = "ASSEMBLY_DEGRADED"  # the room stands, something is missing, the IC was told
    MITIGATED = "MITIGATED"
    RESOLVED = "RESOLVED"
    TRACKED = "TRACKED"  # below the severity that opens a room


# From state to states. What is not here does not happen (D2).
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.ALERT_RECEIVED: frozenset({Status.ROOM_ASSEMBLING, Status.RESOLVED}),
    Status.ROOM_ASSEMBLING: frozenset({Status.ACTIVE, Status.ASSEMBLY_DEGRADED, Status.RESOLVED}),
    Status.ACTIVE: frozenset({Status.MITIGATED, Status.RESOLVED}),
    Status.ASSEMBLY_DEGRADED: frozenset({Status.ACTIVE, Status.MITIGATED, Status.RESOLVED}),
    Status.MITIGATED: frozenset({Status.ACTIVE, Status.RESOLVED}),
    Status.RESOLVED: frozenset(),
    Status.TRACKED: frozenset({Status.ALERT_RECEIVED, Status.RESOLVED}),
}


class Responder(BaseModel):
    model_config = ConfigDict(frozen=True)

    slack_id: str
    name: str
    source: Source


class PublicIncident(BaseModel):
    """What customers see, as Statuspage last told us."""

    model_config = ConfigDict(frozen=True)

    id: str
    status: str
    url: str = ""


class Postmortem(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    identifier: str
    url: str


class Lease(BaseModel):
    """Who works a flow now, until when (machine time). ``attempt`` is the fence: an older holder's commits fail."""

    model_config = ConfigDict(frozen=True)

    flow: str
    attempt: int
    until: float  # unix seconds


class Incident(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    status: Status
    severity: Severity
    title: str
    service: str
    team: str | None = None
    alert: Alert
    episode: int = 1
    drill: bool = False
    created_at: datetime

    channel_id: str | None = None
    channel_name: str | None = None
    ic: str | None = None  # Slack id of the incident commander
    ic_by: str = ""  # the gesture that gave them command; "" if they were the first on call
    responders: tuple[Responder, ...] = ()
    missing: tuple[str, ...] = ()  # what the assembly could not do, in words for the room

    nudges_silenced: bool = False
    schedules: tuple[str, ...] = ()  # names of the EventBridge schedules that exist for this incident
    last_nudge: str = ""  # the scheduled time of the last reminder that was sent
    last_update_at: datetime | None = None

    public: PublicIncident | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    postmortem: Postmortem | None = None
    ratings: dict[str, int] = {}  # by Slack id
    archived_at: datetime | None = None

    attempts: dict[str, int] = {}  # deliveries of each flow: the second one adopts before it acts
    lease: Lease | None = None

    version: int = 0  # optimistic lock; counted by the store
    audit_seq: int = 0  # number of the last audit event
    audit_head: str = ""  # its hash

    @property
    def open(self) -> bool:
        return self.status not in {Status.RESOLVED, Status.TRACKED}

    def may(self, to: Status) -> bool:
        return to in TRANSITIONS[self.status]

    def to(self, status: Status, **changes: object) -> Incident:
        """Raises ``ValueError`` on a move that the table does not have; nothing changes then."""
        if not self.may(status):
            raise ValueError(f"an incident cannot go from {self.status} to {status}")
        return self.model_copy(update={"status": status, **changes})

    def but(self, **changes: object) -> Incident:
        """The same incident with these fields changed; ``status`` goes through ``to``."""
        if "status" in changes:
            raise ValueError("a status changes through to(), which keeps the transition table")
        return self.model_copy(update=changes)


def incident_id(alert_group: str, episode: int) -> str:
    """Deterministic, so that two deliveries of one alert agree on it before either has written anything."""
    digest = hashlib.sha256(f"{alert_group}\x1f{episode}".encode()).digest()
    return b32encode(digest)[:10].decode().lower()


def channel_name(incident: Incident, suffix: int = 0) -> str:
    """``incident-response-p1-20261121-<id>``; Slack allows 80 of a-z, 0-9, ``-``, ``_``."""
    name = f"incident-response-{incident.severity.lower()}-{incident.created_at:%Y%m%d}-{incident.id}"
    if suffix:
        name += f"-{suffix}"
    if len(name) <= _CHANNEL_MAX:
        return name
    return name[: _CHANNEL_MAX - 13] + "-" + hashlib.sha256(name.encode()).hexdigest()[:12]
