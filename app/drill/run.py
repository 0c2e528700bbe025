"""The drill from its alert to its end, and what is printed of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import aioboto3
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app import clock
from app.domain.audit import AuditEvent, AuditType
from app.drill.card import Card, card
from app.drill.sender import DrillError, Sender, Target
from app.effects.dynamodb import DynamoStore
from app.terminal_settings import DrillSettings

ROOM_S = 300.0  # the old promise: five minutes from alert to room
_AFTER_S = 120.0  # for what follows within moments: a schedule fires within a minute after its time
_LOOK_S = 0.5
_CONFIG = AioConfig(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=5)

Say = Callable[[str], None]


async def fire_and_report(settings: DrillSettings, target: Target, *, minutes: float, as_json: bool) -> bool:
    """Whether its room had people in it, and nothing is left of it. Progress goes to standard error."""
    progress = Console(stderr=True, highlight=False)
    report = await fire(settings, target, minutes, lambda line: progress.print(f"  [dim]{escape(line)}[/]"))
    if as_json:
        print(json.dumps(report.as_json(), indent=2))  # noqa: T201
    else:
        Console(highlight=False).print(_table(report))
    return report.ok


async def fire(settings: DrillSettings, target: Target, minutes: float, say: Say) -> Card:
    """``minutes``: how long people have, from the room on. Whatever happens then, the alert is ended (S10)."""
    sender = await Sender.of(settings, target)
    incident = sender.incident
    session = aioboto3.Session(region_name=settings.aws_region)
    tables = {"incidents_table": settings.incidents_table_name, "audit_table": settings.audit_table_name}
    async with session.client("dynamodb", config=_CONFIG) as dynamodb:
        store = DynamoStore(dynamodb, **tables)
        watch = Watch(store, incident, say)
        fired = clock.monotonic()
        await sender.send("alert group created")
        accepted_ms = _since(fired)
        say(f"accepted after {accepted_ms} ms; incident {incident}")
        try:
            assembled_ms = _since(fired) if await watch.until(ROOM_S, AuditType.WAR_ROOM_ASSEMBLED) else None
            if assembled_ms is not None:
                say(f"people have {minutes:g} minutes; `resolve` in its room ends the drill sooner")
                await watch.until(minutes * 60, AuditType.INCIDENT_RESOLVED)
        finally:
            if not watch.first(AuditType.INCIDENT_RESOLVED):
                say("the alert ends")
                await sender.send("resolve")
        await _see_it_end(watch, say)
        return card(
            incident,
            await store.incident(incident),
            watch.trail,
            accepted_ms=accepted_ms,
            assembled_ms=assembled_ms,
            schedules=await _schedules(session, settings.scheduler_group_name, incident),
        )


class Watch:
    """The trail of one incident, told as it grows."""

    def __init__(self, store: DynamoStore, incident: str, say: Say) -> None:
        self.trail: list[AuditEvent] = []
        self._store = store
        self._incident = incident
        self._say = say

    def first(self, *kinds: AuditType) -> AuditEvent | None:
        return next((event for event in self.trail if event.type in kinds), None)

    async def until(self, seconds: float, *kinds: AuditType) -> AuditEvent | None:
        """The first event of one of these kinds; None: there is none within so many seconds."""
        until = clock.monotonic() + seconds
        while True:
            trail = await self._store.trail(self._incident)
            for event in trail[len(self.trail) :]:
                self._say(f"{event.seq:>3}  {event.type.value}  {_brief(event)}")
            self.trail = trail
            found = self.first(*kinds)
            if found or clock.monotonic() >= until:
                return found
            await clock.sleep(_LOOK_S)


async def _see_it_end(watch: Watch, say: Say) -> None:
    """A room is asked whether it is over, and after a while it is; what has none ends with its alert."""
    asked = await watch.until(_AFTER_S, AuditType.RESOLUTION_PROPOSED, AuditType.INCIDENT_RESOLVED)
    if asked and asked.type is AuditType.RESOLUTION_PROPOSED:
        at = datetime.fromisoformat(asked.details["at"])
        say(f"it resolves by itself at {at:%H:%M} UTC; *Resolve* in its room does it now")
        patience = (at - asked.at).total_seconds() + _AFTER_S
        await watch.until(patience, AuditType.INCIDENT_RESOLVED, AuditType.RESOLUTION_WITHDRAWN)
    if watch.first(AuditType.INCIDENT_RESOLVED) and watch.first(AuditType.WAR_ROOM_ASSEMBLED):
        await watch.until(_AFTER_S, AuditType.ARCHIVE_SCHEDULED)


async def _schedules(session: aioboto3.Session, group: str | None, incident: str) -> list[str]:
    """The names of its schedules that are there, where the drill was told in which group they are."""
    if group is None:
        return []
    names: list[str] = []
    try:
        async with session.client("scheduler", config=_CONFIG) as scheduler:
            async for page in scheduler.get_paginator("list_schedules").paginate(GroupName=group):
                names += [one["Name"] for one in page["Schedules"]]
    except (BotoCoreError, ClientError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        raise DrillError(
            f"The schedules of group {group} could not be listed: {code}. Allow scheduler:ListSchedules, or unset "
            "SCHEDULER_GROUP_NAME: then they are not looked at"
        ) from error
    return [name for name in names if name.endswith(f"-{incident}")]


def _table(report: Card) -> Table:
    verdict = "[bold green]as it should be[/]" if report.ok else "[bold red]not as it should be[/]"
    table = Table(title=f"Drill {report.incident}: {verdict}", title_justify="left", show_header=False)
    assembled = "never" if report.assembled_ms is None else f"{report.assembled_ms / 1000:.1f} s after the alert"
    table.add_row("alert accepted", f"{report.accepted_ms} ms")
    table.add_row("room assembled", assembled)
    table.add_row("people invited", f"{report.invited}, {report.members} of them members of the room at the end")
    table.add_row("people who came", f"{report.came}; {_when(report.first_human_s, 'nobody did anything in the room')}")
    table.add_row("approval asked for", f"{_when(report.approval_s, 'never')}; in a drill it is refused")
    table.add_row("resolved", _when(report.resolved_s, "never"))
    table.add_row("missing", escape("; ".join(report.missing)) or "nothing")
    table.add_row("left behind", escape("; ".join(report.leaks)) or "nothing")
    table.add_row("room is archived", report.archive_at or "nobody knows when")
    table.add_row("audit trail", f"{report.audit_events} events, {'whole' if report.audit_verified else 'NOT whole'}")
    return table


def _when(seconds: float | None, never: str) -> str:
    return never if seconds is None else f"{seconds:g} s after the alert"


def _brief(event: AuditEvent) -> str:
    return ", ".join(f"{name}={value}" for name, value in list(event.details.items())[:3])


def _since(moment: float) -> int:
    return round((clock.monotonic() - moment) * 1000)
