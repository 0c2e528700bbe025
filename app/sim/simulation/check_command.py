"""Command: never two who have it, and never nobody without an alarm. From the trail alone, as an auditor would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.audit import AuditEvent, AuditType
from app.sim.simulation.house import House

_T = AuditType
_TOLD = {_T.NOBODY_HERE_ESCALATED, _T.NOBODY_INVITED_ESCALATED, _T.NOBODY_LEFT_TO_TELL}
_PATIENCE = timedelta(minutes=30)  # far above what the policy allows: vendors are down, timers late, processors dead


def command(house: House) -> Iterator[str]:
    for incident in house.incidents:
        trail = house.store.audit.get(incident.id, [])
        yield from (f"{incident.id}: {problem}" for problem in problems(trail, _PATIENCE))


def problems(trail: Sequence[AuditEvent], patience: timedelta) -> Iterator[str]:
    yield from _one_at_a_time(trail)
    yield from _alarmed(trail, patience)


def _one_at_a_time(trail: Sequence[AuditEvent]) -> Iterator[str]:
    """Each change of command names the one who had it, and each handoff was offered to the one who accepted it."""
    ic: str | None = None
    offer: tuple[str, str] | None = None
    for event in trail:
        details = event.details
        if event.type in {_T.IC_ASSIGNED, _T.COMMAND_VACANT}:
            if details["before"] != ic:
                yield f"number {event.seq} takes command from {details['before']}, and {ic} had it"
            ic = details.get("ic")
        elif event.type is _T.HANDOFF_OFFERED:
            if event.actor != f"slack:{ic}":
                yield f"number {event.seq}: {event.actor} offers a command that {ic} had"
            offer = (details["id"], f"slack:{details['to']}")
        elif event.type is _T.HANDOFF_ACCEPTED and offer != (details["id"], event.actor):
            yield f"number {event.seq}: {event.actor} accepts what was not offered to them"
        if event.type in {_T.HANDOFF_ACCEPTED, _T.HANDOFF_DECLINED, _T.HANDOFF_CANCELLED}:
            offer = None


@dataclass
class _Room:
    """Who has command, whether they know it, who is here; and since when somebody is missed whom nobody was told of."""

    ic: str | None = None
    knows: bool = False
    here: set[str] = field(default_factory=set)
    over: bool = False
    missed_since: datetime | None = None

    def hear(self, event: AuditEvent) -> None:
        match event.type:
            case _T.IC_ASSIGNED:
                self.ic, self.knows = event.details["ic"], event.actor != "system"
            case _T.COMMAND_VACANT:
                self.ic, self.missed_since = None, event.at
            case _T.RESPONDER_SEEN:
                self.here.add(event.details["slack_id"])
            case _T.RESPONDER_LEFT:
                self.here.discard(event.details["slack_id"])
            case _T.WAR_ROOM_ASSEMBLED:
                self.missed_since = event.at
            case _T.INCIDENT_REOPENED:
                self.here, self.knows, self.over, self.missed_since = set(), False, False, event.at
            case _T.INCIDENT_RESOLVED:
                self.over = True
        commanded = self.ic is not None and (self.knows or self.ic in self.here)
        if self.over or commanded or event.type in _TOLD:
            self.missed_since = None


def _alarmed(trail: Sequence[AuditEvent], patience: timedelta) -> Iterator[str]:
    """While the room stands and the incident is open, nobody in command is an alarm, told to somebody outside."""
    room = _Room()
    for event in trail:
        if (since := room.missed_since) and event.at - since > patience:
            yield f"nobody commanded since {since:%H:%M:%S}, and nobody was told until {event.at:%H:%M:%S}"
            room.missed_since = None
        room.hear(event)
