"""The incident: its states, what is known of it, and how it may change. Pure.

Instances are frozen; a change makes a new one. Nothing is written here: ``app.ledger`` commits a changed incident
together with the audit events of the change, or not at all (P-audit).
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from app.domain.alert import Alert
from app.domain.alert_group import AlertGroup
from app.domain.cadence import Reminders
from app.domain.catalogue import About
from app.domain.people import Role, Source
from app.domain.severity import Severity
from app.domain.task import Task

DELETED = "deleted"  # what is said of a public incident that Statuspage does not have any more
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
    Status.RESOLVED: frozenset({Status.ACTIVE}),  # its alert fired again before long
    Status.TRACKED: frozenset({Status.ALERT_RECEIVED, Status.RESOLVED}),
}


class Responder(BaseModel):
    model_config = ConfigDict(frozen=True)

    slack_id: str
    name: str
    source: Source


class Handoff(BaseModel):
    """Command, held out to somebody who has not taken it yet. Until then it stays where it is."""

    model_config = ConfigDict(frozen=True)

    id: str  # follows from the gesture that offered it
    to: str  # Slack ids
    by: str
    at: datetime
    declined_by: str = ""  # the gesture that did


class PublicIncident(BaseModel):
    """What customers see, as Statuspage last told us."""

    model_config = ConfigDict(frozen=True)

    id: str
    status: str
    url: str = ""
    texts: int = 0  # that customers have read on it
    dropped: datetime | None = None  # the update that they were promised, when the incident was resolved without it


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
    about: About = About()  # of the service, as the catalogue had it when the room was made
    alert: Alert  # the one that it was opened for, or for whose sake it got its room
    alerts: tuple[AlertGroup, ...] = ()
    alert_count: int = 1  # of all that ever were in it
    declared_by: str | None = None  # Slack id of who declared it; no alert did
    severity_by: str = ""  # the gesture or alert that last changed the severity
    episode: int = 1
    drill: bool = False
    created_at: datetime
    trace: dict[str, str] = {}  # that it began with, as W3C headers; what is done for it goes on in it

    channel_id: str | None = None
    channel_name: str | None = None
    ic: str | None = None  # Slack id of the incident commander
    ic_by: str = ""  # the gesture that gave them command, or left it vacant; "" if they were the first on call
    handoff: Handoff | None = None
    roles: dict[Role, str] = {}  # role -> Slack id
    responders: tuple[Responder, ...] = ()  # who was invited
    joined: dict[str, datetime] = {}  # Slack id -> a member of the room since; an invitation makes one at once
    seen: dict[str, datetime] = {}  # Slack id -> their first sign of life in the room: now they are here
    first_seen_at: datetime | None = None  # the first sign of life of all
    told_outside: tuple[str, ...] = ()  # whom we told outside the room that it has nobody, or no commander
    last_told: str = ""  # what made us tell the last of them
    unheard_at: datetime | None = None  # nobody was left to tell then, and still nobody has command
    missing: tuple[str, ...] = ()  # what the assembly could not do, in words for the room

    nudges_silenced: bool = False
    schedules: tuple[str, ...] = ()  # names of the EventBridge schedules that exist for this incident
    last_nudge: str = ""  # the scheduled time of the last reminder that was sent
    reminders: Reminders = Reminders()
    last_update_at: datetime | None = None
    noted: tuple[str, ...] = ()  # messages that are on the timeline, each by its ts and a digest of its words

    ticks: dict[str, str] = {}  # items of the checklist that people judge -> the Slack id of who ticked them
    tasks: tuple[Task, ...] = ()
    mitigated_at: datetime | None = None
    mitigation_by: str = ""  # the gesture that last declared it, or took it back

    public: PublicIncident | None = None
    promised_update_at: datetime | None = None  # what customers were told when they will hear more
    resolve_at: datetime | None = None  # its last alert has ended: then it resolves by itself, if nobody objects
    kept_open: str = ""  # the end of its alerts at which somebody said that it goes on
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    resolution_by: str = ""  # the gesture that last resolved it
    reopened: int = 0  # times
    reopened_by: str = ""  # the alert's event that last did
    postmortem: Postmortem | None = None
    ratings: dict[str, int] = {}  # by Slack id
    rating_asked: tuple[str, ...] = ()  # Slack ids of those who were asked once more, in private
    rating_skipped: tuple[str, ...] = ()  # and did not answer that either
    postmortem_checked_at: datetime | None = None  # when the SLA on it was found kept, or broken
    archived_at: datetime | None = None

    attempts: dict[str, int] = {}  # deliveries of each flow: the second one adopts before it acts
    lease: Lease | None = None

    version: int = 0  # optimistic lock; counted by the store
    audit_seq: int = 0  # number of the last audit event
    audit_head: str = ""  # its hash

    @property
    def open(self) -> bool:
        return self.status not in {Status.RESOLVED, Status.TRACKED}

    @property
    def assembling(self) -> bool:
        """Whether its room is still to come, or not finished."""
        return self.status in {Status.ALERT_RECEIVED, Status.ROOM_ASSEMBLING}

    @property
    def groups(self) -> tuple[AlertGroup, ...]:
        """Its alert groups, the first one first."""
        return self.alerts or (AlertGroup.of(self.alert, self.severity, episode=self.episode),)

    @property
    def not_over(self) -> frozenset[str]:
        """Ids of those of its alert groups that have not ended."""
        return frozenset(group.id for group in self.groups if not group.over)

    @property
    def alerts_over(self) -> bool:
        return not self.not_over

    def group(self, alert_group: str) -> AlertGroup | None:
        return next((group for group in self.groups if group.id == alert_group), None)

    def hearing(self, alert: Alert, severity: Severity | None = None) -> Incident:
        """With what is new of one of its alert groups."""
        groups = (one.hearing(alert, severity) if one.id == alert.alert_group else one for one in self.groups)
        return self.model_copy(update={"alerts": tuple(groups)})

    @property
    def again(self) -> str:
        """What tells the work of this resolution from that of the one before it was re-opened; "" for the first."""
        return f"-{self.reopened + 1}" if self.reopened else ""

    @property
    def here(self) -> frozenset[str]:
        """Slack ids of those who gave a sign of life in the room and have not left it."""
        return frozenset(self.seen)

    @property
    def commanded(self) -> bool:
        """Whether somebody has command and knows it: they took it, or gave a sign of life since it was given them."""
        return self.ic is not None and (self.ic_by != "" or self.ic in self.seen)

    @property
    def public_open(self) -> bool:
        """Whether customers still read that something is wrong."""
        return self.public is not None and self.public.status not in {"resolved", DELETED}

    @property
    def public_deleted(self) -> bool:
        """Whether somebody deleted on Statuspage what customers read."""
        return self.public is not None and self.public.status == DELETED

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


def channel_name(incident: Incident, suffix: int = 0) -> str:
    """``incident-response-p1-20261121-<id>``; Slack allows 80 of a-z, 0-9, ``-``, ``_``."""
    name = f"incident-response-{incident.severity.lower()}-{incident.created_at:%Y%m%d}-{incident.id}"
    if suffix:
        name += f"-{suffix}"
    if len(name) <= _CHANNEL_MAX:
        return name
    return name[: _CHANNEL_MAX - 13] + "-" + hashlib.sha256(name.encode()).hexdigest()[:12]
