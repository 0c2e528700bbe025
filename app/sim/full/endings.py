"""How incidents end, and do not: by themselves when nobody answers, not when somebody keeps them open; and one whose
alert fires again soon goes on where it stood."""

from __future__ import annotations

from datetime import datetime

from app.domain.audit import AuditType
from app.sim.full import trails
from app.sim.full.stage import Stage

SERVICE = "exports"


async def begin(stage: Stage, alone: str) -> None:
    """``alone``: an incident of one alert. What follows takes a quarter of an hour of the people's time."""
    group = stage.of(alone, AuditType.ALERT_RECEIVED)[0].details["alert_group"]
    await _ends(stage, alone, str(group))
    fired = await stage.sandbox.fire(title=f"{SERVICE}: the queue grows", service=SERVICE)

    async def assembled() -> str | None:
        begun = [e for e in await stage.seen.look() if e.details.get("service") == SERVICE]
        stood = {e.incident_id for e in stage.seen.events if e.type is AuditType.WAR_ROOM_ASSEMBLED}
        return next((e.incident_id for e in begun if e.incident_id in stood), None)

    kept = await stage.lead.see(assembled, f"{SERVICE} has a room")
    await stage.lead.press("take_command", about=kept, channel=stage.room(kept))
    await stage.until(AuditType.IC_ASSIGNED, kept, count=2)
    await _ends(stage, kept, str(fired["alert_group_id"]))
    await stage.lead.press("keep_open", about=kept, channel=stage.room(kept))
    await stage.until(AuditType.RESOLUTION_WITHDRAWN, kept)


async def _ends(stage: Stage, incident: str, group: str) -> None:
    await stage.sandbox.people("oncall/people/resolve", alert_group_id=group)
    await stage.until(AuditType.RESOLUTION_PROPOSED, incident)


async def see(stage: Stage, alone: str) -> None:
    await stage.until(AuditType.INCIDENT_RESOLVED, alone)
    found = trails.resolved_by_itself(stage.of(alone))
    stage.check("its last alert has ended and nobody answers: it resolves by itself", *found)
    kept = stage.incident_of(SERVICE)
    would_be = datetime.fromisoformat(stage.of(kept, AuditType.RESOLUTION_PROPOSED)[0].details["at"])

    async def past() -> datetime | None:
        now = max(event.at for event in await stage.seen.look())
        return now if now > would_be else None

    now = await stage.lead.see(past, f"it is past {would_be:%H:%M}")
    stage.check("kept open by its commander: it does not", *trails.kept_open(stage.of(kept), now))
    await _fires_again(stage, kept)


async def _fires_again(stage: Stage, incident: str) -> None:
    """Soon after it was resolved (L3)."""
    room, group = stage.room(incident), stage.of(incident, AuditType.ALERT_RECEIVED)[0].details["alert_group"]
    await stage.lead.command(room, "resolve now")
    await stage.until(AuditType.RESOLUTION_ANNOUNCED, incident)
    await stage.sandbox.people("oncall/people/fire_again", alert_group_id=group)
    await stage.until(AuditType.INCIDENT_REOPENED, incident)
    ok, found = trails.reopened(stage.of(incident))
    only = stage.incident_of(SERVICE) == incident
    stage.check("it fires again soon after its end: the same incident, in the same room", ok and only, found)
    await stage.lead.command(room, "resolve now")
    await stage.until(AuditType.INCIDENT_RESOLVED, incident, count=2)
