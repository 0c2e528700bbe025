"""Updates, reminders, snooze and resume; tasks, ticks, notes, pins; how bad it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from app.domain.audit import AuditType
from app.sim.full import trails
from app.sim.full.stage import Stage


async def play(stage: Stage, incident: str) -> None:
    room = stage.room(incident)
    await _quiet(stage)
    await _reminders(stage, incident, room)
    await _notes(stage, incident, room)
    await _severity(stage, stage.incident_of("search"))


async def _reminders(stage: Stage, incident: str, room: str) -> None:
    commander = stage.secondary
    await commander.command(room, 'update "Rolled back 4.2.1; errors are falling"')
    await stage.until(AuditType.STATUS_UPDATE, incident)
    spoken = stage.of(incident, AuditType.STATUS_UPDATE)[-1].seq

    async def reminded() -> list[str]:
        await stage.seen.look()
        return [str(e.details["ic"]) for e in stage.of(incident, AuditType.NUDGE_SENT) if e.seq > spoken]

    to = set(await commander.see(reminded, "the commander was reminded"))
    stage.check("reminders go to the commander alone", to == {commander.user}, ", ".join(sorted(to)))


async def _quiet(stage: Stage) -> None:
    """Of two incidents in which nobody speaks: only that keeps their reminders away. ``see`` looks at it later."""
    snoozed, silenced = stage.incident_of("search"), stage.incident_of("accounts")
    await stage.primary.press("snooze:15", about=snoozed)
    await stage.until(AuditType.NUDGES_SNOOZED, snoozed)
    await stage.primary.command(stage.room(silenced), "silence")
    await stage.until(AuditType.NUDGES_SILENCED, silenced)


async def see(stage: Stage, every: timedelta) -> None:
    """``every``: so often a commander who says nothing is reminded."""
    snoozed, silenced = stage.incident_of("search"), stage.incident_of("accounts")
    await stage.primary.command(stage.room(silenced), "resume")
    resumed = await stage.until(AuditType.NUDGES_RESUMED, silenced)
    until = datetime.fromisoformat(stage.of(snoozed, AuditType.NUDGES_SNOOZED)[0].details["until"])
    for incident, since in ((snoozed, until - timedelta(seconds=1)), (silenced, resumed.at)):
        await stage.lead.see(partial(_reminded, stage, incident, since), f"reminders of {incident} came again")
    stage.check("no reminder while it is snoozed", *trails.snoozed(stage.of(snoozed), every))
    stage.check("no reminder from silence to resume", *trails.silenced(stage.of(silenced), every))


async def _reminded(stage: Stage, incident: str, since: datetime) -> bool:
    await stage.seen.look()
    return bool(trails.reminders_due(stage.of(incident), since))


async def _notes(stage: Stage, incident: str, room: str) -> None:
    await stage.lead.command(room, f'task "Write the customers who were charged twice" <@{stage.engineer.user}>')
    await stage.until(AuditType.TASK_ADDED, incident)
    await stage.engineer.press("task_done", about=incident, channel=room)
    await stage.until(AuditType.TASK_DONE, incident)
    await stage.lead.command(room, 'task "Alarm on the retry rate"')
    await stage.until(AuditType.TASK_ADDED, incident, count=2)
    await stage.lead.press("tick", about=incident, channel=room)
    await stage.until(AuditType.CHECKLIST_TICKED, incident)
    await stage.engineer.command(room, 'note "The retry storm began with the deploy"')
    said = await stage.sandbox.people(
        "slack/people/say", user=stage.engineer.user, channel=room, text="Queue depth is back to normal"
    )
    await stage.sandbox.people("slack/people/pin", user=stage.engineer.user, channel=room, ts=said["ts"])
    await stage.until(AuditType.TIMELINE_NOTE, incident, count=2)
    notes = [str(e.details) for e in stage.of(incident, AuditType.TIMELINE_NOTE)]
    stage.check(
        "a note and a pinned message are on the timeline",
        any("retry storm" in one for one in notes) and any("Queue depth" in one for one in notes),
        len(notes),
    )


async def _severity(stage: Stage, incident: str) -> None:
    await stage.lead.command(stage.room(incident), "severity P2 only one region")
    changed = await stage.until(AuditType.SEVERITY_CHANGED, incident)
    stage.check(
        "how bad it is can be changed, with the reason", "only one region" in str(changed.details), changed.details
    )
