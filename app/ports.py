"""The outside world on one page: what the flows may ask of it, and nothing else.

Each Protocol has a real adapter in ``effects/``, a simulated twin behind it in ``sim/``, and one contract test.
Publishing to customers is deliberately not here: it is behind ``gate.door`` (P-gate).

Errors, everywhere: ``VendorUnavailable``, ``VendorThrottled``, ``VendorRefused``; a write may also raise ``Unknown``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from app.domain.alert import Alert
from app.domain.audit import AuditEvent
from app.domain.catalogue import Service
from app.domain.change import Change, StepRecord
from app.domain.component import Component
from app.domain.draft import Draft, PublicStatus, PublicText
from app.domain.evidence import Evidence
from app.domain.incident import Incident, Postmortem
from app.domain.issue import Issue, Labels
from app.domain.people import OnCall, Person
from app.domain.progress import Progress
from app.domain.readings import Reading
from app.domain.room import Invited, Room, Said
from app.domain.schedule import Into
from app.domain.sweep import Head, Kept
from app.messages.message import Message
from app.queue.envelope import Envelope

# ---------------------------------------------------------------- state


class Store(Protocol):
    """State and audit. Every read here is strongly consistent, except ``open_incidents``."""

    async def incident(self, incident_id: str) -> Incident | None: ...
    async def incident_of_alert(self, alert_group: str) -> Incident | None: ...
    async def incident_of_channel(self, channel_id: str) -> Incident | None: ...
    async def incident_together(self, key: str) -> Incident | None:
        """The one that alerts which share ``key`` joined last."""
        ...

    async def open_incidents(self) -> list[Incident]:
        """From an index, so possibly a moment old: never decide on it what a promise rests on."""
        ...

    async def steps(self, incident_id: str, flow: str) -> dict[str, StepRecord]: ...
    async def draft(self, incident_id: str, draft_id: str) -> Draft | None: ...
    async def drafts(self, incident_id: str) -> list[Draft]: ...
    async def trail(self, incident_id: str) -> list[AuditEvent]: ...
    async def commit(self, change: Change) -> Incident:
        """All of it or none of it; gives the incident with its new version. Raises ``Conflict``."""
        ...


class Vault(Protocol):
    """The heads of closed trails, where nobody can change or delete them (S3 under Object Lock)."""

    async def keep(self, incident_id: str, head: Head) -> None:
        """Beside those that are kept already. Twice is once."""
        ...

    async def kept(self) -> list[Kept]:
        """All of them, in no order, also what somebody tried to hide."""
        ...


# ---------------------------------------------------------------- the queue and the clock


class Queue(Protocol):
    async def send(self, envelope: Envelope) -> None:
        """Durable when it returns (P-accept). Raises ``VendorUnavailable``."""
        ...


class Timers(Protocol):
    """Schedules that outlive us (EventBridge Scheduler). Each sends an envelope to a queue when it is due."""

    async def every(self, name: str, interval: timedelta, *, first: datetime, end: datetime, message: Envelope) -> None:
        """Create, or set anew, a repeating schedule: first at ``first``, none after ``end``."""
        ...

    async def once(self, name: str, at: datetime, *, message: Envelope, into: Into = Into.NUDGES) -> None:
        """Create, or set anew, a schedule that fires once and then removes itself."""
        ...

    async def silence(self, name: str) -> bool:
        """Keep it, fire no more. False: there is no such schedule."""
        ...

    # False: it was gone already.
    async def remove(self, name: str) -> bool: ...
    async def exists(self, name: str) -> bool: ...


# ---------------------------------------------------------------- people


class OnCallSchedule(Protocol):
    async def responders(self, alert: Alert) -> OnCall: ...
    async def team(self, name: str) -> OnCall:
        """Who is on call now on the schedules of the team of that name; nobody, if there is no such team."""
        ...

    async def open_alert_groups(self, since: datetime) -> list[Alert]:
        """What is firing now and began after ``since``."""
        ...


class Directory(Protocol):
    async def members(self, team: str) -> list[Person]:
        """Active members of the team's group; [] for a team that no group is mapped to."""
        ...


# ---------------------------------------------------------------- Slack


class Chat(Protocol):
    async def create_room(self, name: str) -> Room:
        """Raises ``RoomNameTaken``."""
        ...

    async def own_room(self, name: str) -> Room | None:
        """The private channel of that name that this very app created, if there is one."""
        ...

    async def mark_room(self, channel: str, *, marker: str, topic: str) -> None: ...
    async def invite(self, channel: str, slack_ids: Sequence[str]) -> Invited: ...
    async def members(self, channel: str) -> set[str]:
        """People in the channel, without the app itself."""
        ...

    async def slack_id(self, email: str) -> str | None:
        """None: Slack knows nobody (active) by that address."""
        ...

    async def email(self, slack_id: str) -> str | None:
        """None: they are not active, or Slack shows no address of theirs."""
        ...

    async def group_members(self, group: str) -> set[str]:
        """Who is in a user group now."""
        ...

    async def post(self, channel: str, message: Message, *, effect_id: str) -> str:
        """Gives the message's ts. ``effect_id`` is written into its metadata, for ``find``."""
        ...

    async def find(self, channel: str, effect_id: str) -> str | None:
        """The ts of the message that carries this effect id, read back from the channel's history."""
        ...

    async def read(self, channel: str, ts: str) -> Said | None:
        """One message, in the channel or in a thread of it; None: it is gone."""
        ...

    async def permalink(self, channel: str, ts: str) -> str: ...
    async def update(self, channel: str, ts: str, message: Message) -> None: ...
    async def pin(self, channel: str, ts: str) -> None: ...
    async def private(self, slack_id: str) -> str: ...  # the conversation with them, where what was said can be found
    async def direct(self, slack_id: str, message: Message, *, effect_id: str) -> str: ...
    async def whisper(self, channel: str, slack_id: str, message: Message) -> None:
        """Only that person sees it. Cannot be read back: at most once."""
        ...

    async def respond(self, response_url: str, message: Message) -> None:
        """The private answer to a gesture, wherever it was made."""
        ...

    async def open_modal(self, trigger_id: str, view: dict[str, Any]) -> None: ...
    async def archive(self, channel: str) -> None: ...
    async def link(self, channel: str) -> str:
        """An address that opens the channel."""
        ...


# ---------------------------------------------------------------- what is known


class Signals(Protocol):
    """Metrics, logs and traces of a service around a moment. Never raises: a failure is a ``Reading`` that says so."""

    async def snapshot(self, service: Service, at: datetime) -> list[Reading]: ...


class Code(Protocol):
    """Recent changes and owners of a service's code. Never raises, like ``Signals``."""

    async def snapshot(self, service: Service, at: datetime) -> list[Reading]:
        """What was changed shortly before that moment: commits, deployments, and who owns what was touched."""
        ...

    async def commits(self, service: Service, since: datetime, until: datetime) -> Reading: ...


# ---------------------------------------------------------------- words


class Writer(Protocol):
    """Phrases what is known. Gets redacted text only; invents nothing; has a deterministic twin for when it is away."""

    async def public_text(
        self, incident: Incident, trail: Sequence[AuditEvent], ask: str, status: PublicStatus | None = None
    ) -> PublicText:
        """``status``: what it says of the incident; None: what follows from how the incident stands."""
        ...

    async def postmortem(self, incident: Incident, trail: Sequence[AuditEvent], evidence: Evidence) -> str:
        """Markdown."""
        ...


class Classifier(Protocol):
    """Reads what the commander writes in the room. Never raises: it has a rule to fall back on."""

    async def is_update(self, text: str) -> bool:
        """Whether it tells others how the incident stands."""
        ...


class Tracker(Protocol):
    """Where postmortems live, and what is left to do (Linear)."""

    async def member(self, email: str) -> str | None:
        """The id of the active member with that address, if there is one."""
        ...

    async def labels(self) -> Labels: ...
    async def file(self, issue: Issue) -> Postmortem:
        """Twice with one id is one issue."""
        ...

    async def state(self, issue_id: str) -> Progress | None:
        """None: there is no such issue (any more)."""
        ...


class PublicPage(Protocol):
    """What customers see, read only (Statuspage). The way to write is behind the door."""

    # The public incident that carries this draft, as Statuspage tells it.
    async def find(self, draft_id: str) -> dict[str, Any] | None: ...
    async def components(self) -> list[Component]:
        """What the page lists; possibly a minute old."""
        ...
