"""What comes after: Linear is down when it is resolved, and back later; ratings, the postmortem's SLA, closed rooms."""

from __future__ import annotations

from functools import partial

from app.domain.audit import AuditEvent, AuditType
from app.sim.full.stage import Stage


async def play(stage: Stage, incident: str) -> None:
    await _linear(stage, incident)
    await _by_oncall(stage, stage.incident_of("accounts"))
    for other in sorted({event.incident_id for event in stage.seen.events}):
        await _close(stage, other)
    await _ratings(stage, incident)
    for closed in sorted({event.incident_id for event in stage.seen.events}):
        await stage.until(AuditType.WAR_ROOM_ARCHIVED, closed)
        await stage.lead.see(partial(_followed_up, stage, closed), f"everything after {closed} is done")


async def _linear(stage: Stage, incident: str) -> None:
    """The resolution stands, whatever Linear does."""
    await stage.sandbox.break_vendor("linear", "error")
    await stage.secondary.command(stage.room(incident), "resolve")
    await stage.until(AuditType.INCIDENT_RESOLVED, incident)
    await stage.until(AuditType.RESOLUTION_ANNOUNCED, incident)
    await stage.until(AuditType.RATING_ASKED, incident)
    await stage.lead.press("rate:5", about=incident, channel=stage.room(incident))
    await stage.until(AuditType.RATING_GIVEN, incident)
    early = stage.of(incident, AuditType.POSTMORTEM_CREATED)
    await stage.sandbox.mend_vendor("linear")
    filed = await stage.until(AuditType.POSTMORTEM_CREATED, incident)
    issues = (await stage.sandbox.people("linear/people/state"))["issues"]
    mine = [issue for issue in issues if issue["id"] == filed.details["issue_id"]]
    await stage.until(AuditType.TASK_FILED, incident)
    stage.check(
        "Linear down: resolved all the same; Linear up: the postmortem is filed, once",
        not early and len(mine) == 1,
        filed.details["identifier"],
    )


async def _by_oncall(stage: Stage, incident: str) -> None:
    """Its last alert ends in OnCall: the commander is asked, and says yes. Command is taken before: a click behind it
    would wait for it, and the ends of twenty alerts keep Slack's rates busy for a while."""
    await stage.lead.press("take_command", about=incident, channel=stage.room(incident))
    await stage.lead.see(partial(_has, stage, incident, stage.lead.user), f"{stage.lead.user} commands {incident}")
    groups = [
        str(e.details["alert_group"]) for e in stage.of(incident, AuditType.ALERT_RECEIVED, AuditType.ALERT_JOINED)
    ]
    for group in groups:
        await stage.sandbox.people("oncall/people/resolve", alert_group_id=group)
    await stage.until(AuditType.RESOLUTION_PROPOSED, incident)
    await stage.lead.press("resolve_incident", about=incident)
    resolved = await stage.until(AuditType.INCIDENT_RESOLVED, incident)
    stage.check("the end of its last alert is a question to the commander", resolved.actor != "system", resolved.actor)


async def _close(stage: Stage, incident: str) -> None:
    if stage.of(incident, AuditType.INCIDENT_RESOLVED):
        return
    room = stage.room(incident)
    closer = stage.lead if stage.lead.user in await _members(stage, room) else stage.bystander
    if stage.of(incident, AuditType.IC_ASSIGNED)[-1:] == [] or _commander(stage, incident) != closer.user:
        await closer.press("take_command", about=incident, channel=room)
        await stage.lead.see(partial(_has, stage, incident, closer.user), f"{closer.user} commands {incident}")
    await closer.command(room, "resolve")
    await stage.until(AuditType.INCIDENT_RESOLVED, incident)


async def _members(stage: Stage, room: str) -> set[str]:
    return {user for one in (await stage.slack())["channels"] if one["id"] == room for user in one["members"]}


def _commander(stage: Stage, incident: str) -> str:
    assigned: list[AuditEvent] = stage.of(incident, AuditType.IC_ASSIGNED)
    return str(assigned[-1].details["ic"]) if assigned else ""


async def _has(stage: Stage, incident: str, user: str) -> bool:
    await stage.seen.look()
    return _commander(stage, incident) == user


async def _ratings(stage: Stage, incident: str) -> None:
    await stage.until(AuditType.RATING_FOLLOWED_UP, incident)
    await stage.until(AuditType.RATING_SKIPPED, incident)
    again = [str(e.details["slack_id"]) for e in stage.of(incident, AuditType.RATING_FOLLOWED_UP)]
    stage.check(
        "who rated is not asked again; who did not, once",
        stage.lead.user not in again and len(again) == len(set(again)),
        ", ".join(again),
    )
    await stage.until(AuditType.POSTMORTEM_OVERDUE, incident)
    told = await stage.told(stage.secondary.user)
    identifier = str(stage.of(incident, AuditType.POSTMORTEM_CREATED)[-1].details["identifier"])
    stage.check("a postmortem that nobody reviewed: its commander hears of it", identifier in told, identifier)


async def _followed_up(stage: Stage, incident: str) -> bool:
    await stage.seen.look()
    done = {event.type for event in stage.of(incident)}
    return AuditType.RATING_SKIPPED in done or AuditType.RATING_ASKED not in done
