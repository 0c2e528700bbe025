"""Command: never two who have it, and never nobody without an alarm. From the trail alone, as an auditor would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from app.domain.audit import AuditEvent, AuditType
from app.sim.simulation.house import House

_T = AuditType
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


def _alarmed(trail: Sequence[AuditEvent], patience: timedelta) -> Iterator[str]:
    """While the room stands and the incident is open, nobody in command is an alarm, told to somebody outside."""
    ic: str | None = None
    known, here = False, set[str]()
    missing_since: datetime | None = None
    for event in trail:
        if missing_since and event.at - missing_since > patience:
            yield f"nobody commanded since {missing_since:%H:%M:%S}, and nobody was told until {event.at:%H:%M:%S}"
            missing_since = None
        if event.type is _T.IC_ASSIGNED:
            ic, known = event.details["ic"], event.actor != "system" or event.details["ic"] in here
        elif event.type is _T.COMMAND_VACANT:
            ic, known, missing_since = None, False, event.at
        elif event.type is _T.RESPONDER_SEEN:
            here.add(event.details["slack_id"])
        elif event.type is _T.RESPONDER_LEFT:
            here.discard(event.details["slack_id"])
        elif event.type is _T.WAR_ROOM_ASSEMBLED:
            missing_since = event.at
        if event.type in {_T.NOBODY_HERE_ESCALATED, _T.NOBODY_INVITED_ESCALATED} or known or ic in here:
            missing_since = None
        if event.type is _T.INCIDENT_RESOLVED:
            return
