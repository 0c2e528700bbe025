"""What a trail must say for a scene to have gone as it should. Pure: (whether, what was found)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.domain.audit import AuditEvent, AuditType
from app.domain.people import SYSTEM

Verdict = tuple[bool, str]


def snoozed(events: Sequence[AuditEvent], every: timedelta) -> Verdict:
    """No reminder was due while it was snoozed, for longer than one takes; afterwards they came again."""
    asked = _first(events, AuditType.NUDGES_SNOOZED)
    return _quiet(events, asked.at, datetime.fromisoformat(asked.details["until"]), every)


def silenced(events: Sequence[AuditEvent], every: timedelta) -> Verdict:
    """The same, from *silence* to *resume*."""
    began, ended = _first(events, AuditType.NUDGES_SILENCED), _first(events, AuditType.NUDGES_RESUMED)
    return _quiet(events, began.at, ended.at, every)


def reminders_due(events: Sequence[AuditEvent], since: datetime, until: datetime | None = None) -> list[datetime]:
    """When those were due that were sent: one that was on its way when it was silenced is none of them."""
    sent = [datetime.fromisoformat(e.details["scheduled_at"]) for e in events if e.type is AuditType.NUDGE_SENT]
    return [due for due in sent if due > since and (until is None or due < until)]


def _quiet(events: Sequence[AuditEvent], since: datetime, until: datetime, every: timedelta) -> Verdict:
    during = reminders_due(events, since, until)
    again = reminders_due(events, until - timedelta(seconds=1))  # a schedule keeps whole seconds
    minutes = (until - since).total_seconds() / 60
    found = f"{len(during)} in {minutes:.0f} minutes, {len(again)} afterwards"
    return until - since > every and not during and bool(again), found


def resolved_by_itself(events: Sequence[AuditEvent]) -> Verdict:
    """At the time that was proposed, and not before; nobody did it."""
    proposed, resolved = _first(events, AuditType.RESOLUTION_PROPOSED), _first(events, AuditType.INCIDENT_RESOLVED)
    late = (resolved.at - datetime.fromisoformat(proposed.details["at"])).total_seconds()
    return resolved.actor == SYSTEM and late >= 0, f"by {resolved.actor}, {late:.0f} s after the time proposed"


def kept_open(events: Sequence[AuditEvent], now: datetime) -> Verdict:
    """It is open after the time at which it would have resolved by itself. ``now``: of the latest event there is."""
    proposed, kept = _first(events, AuditType.RESOLUTION_PROPOSED), _first(events, AuditType.RESOLUTION_WITHDRAWN)
    over = (now - datetime.fromisoformat(proposed.details["at"])).total_seconds()
    resolved = [e.actor for e in events if e.type is AuditType.INCIDENT_RESOLVED]
    return over > 0 and not resolved, f"{kept.details['why']}, {over:.0f} s after that time, resolved by {resolved}"


def reopened(events: Sequence[AuditEvent]) -> Verdict:
    """The same incident, in the room that it had."""
    resolved, again = _first(events, AuditType.INCIDENT_RESOLVED), _first(events, AuditType.INCIDENT_REOPENED)
    rooms = [e.details["channel_id"] for e in events if e.type is AuditType.WAR_ROOM_CREATED]
    minutes = (again.at - resolved.at).total_seconds() / 60
    return again.seq > resolved.seq and len(rooms) == 1, f"after {minutes:.1f} minutes, {len(rooms)} room"


def promise_broken(events: Sequence[AuditEvent]) -> Verdict:
    """It is said after the time promised, and while nothing else was published."""
    broken = _first(events, AuditType.PROMISE_BROKEN)
    promised = datetime.fromisoformat(broken.details["promised"])
    known = [e for e in events if e.type is AuditType.UPDATE_PROMISED and e.details["at"] == broken.details["promised"]]
    kept = [
        e for e in events if e.type is AuditType.STATUSPAGE_PUBLISHED and known and known[0].seq < e.seq < broken.seq
    ]
    late = (broken.at - promised).total_seconds()
    return bool(known) and not kept and late >= 0, f"said {late:.0f} s after {promised:%H:%M}"


def _first(events: Sequence[AuditEvent], kind: AuditType) -> AuditEvent:
    return next(event for event in events if event.type is kind)
