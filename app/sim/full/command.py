"""Who commands: taken, offered and declined, offered and accepted; roles, guests, a declared incident."""

from __future__ import annotations

from app.domain.audit import AuditType
from app.sim import cast
from app.sim.full.stage import Stage
from app.sim.full.storm import SERVICES


async def play(stage: Stage, incident: str) -> None:
    room = stage.room(incident)
    await stage.lead.press("take_command", about=incident, channel=room)
    await stage.until(AuditType.IC_ASSIGNED, incident, count=2)
    await _handoff(stage, incident, room)
    await _roles(stage, incident, room)
    await _declare(stage)


async def _handoff(stage: Stage, incident: str, room: str) -> None:
    await stage.lead.command(room, f"handoff <@{stage.engineer.user}>")
    await stage.until(AuditType.HANDOFF_OFFERED, incident)
    await stage.engineer.press("decline_handoff", about=incident)
    await stage.until(AuditType.HANDOFF_DECLINED, incident)
    await stage.lead.command(room, f"handoff <@{stage.secondary.user}>")
    await stage.until(AuditType.HANDOFF_OFFERED, incident, count=2)
    await stage.secondary.press("accept_handoff", about=incident)
    await stage.until(AuditType.HANDOFF_ACCEPTED, incident)
    assigned = [str(e.details["ic"]) for e in stage.of(incident, AuditType.IC_ASSIGNED)]
    stage.check(
        "handoff: declined, it stays; accepted, it goes",
        assigned[-2:] == [stage.lead.user, stage.secondary.user],
        " → ".join(assigned),
    )


async def _roles(stage: Stage, incident: str, room: str) -> None:
    await stage.secondary.command(room, f"role deputy <@{stage.lead.user}>")
    await stage.secondary.command(room, f"role scribe <@{stage.engineer.user}>")
    await stage.until(AuditType.ROLE_ASSIGNED, incident, count=2)
    await stage.secondary.command(room, f"invite <@{stage.bystander.user}>")

    async def asked_in() -> bool:
        await stage.seen.look()
        invited = stage.of(incident, AuditType.RESPONDER_INVITED)
        return any(e.details["slack_id"] == stage.bystander.user and e.details["source"] == "request" for e in invited)

    await stage.lead.see(asked_in, "who was asked in is recorded as asked for")
    rooms = {one["id"]: one for one in (await stage.slack())["channels"]}
    stage.check("who is asked for by hand comes", stage.bystander.user in rooms[room]["members"], stage.bystander.user)
    await stage.secondary.command(room, "brief")

    async def brief() -> str | None:
        return next((one for one in reversed(await stage.secondary.answers()) if "in brief" in one), None)

    lines = (await stage.lead.see(brief, "the brief came")).count("\\n") + 1
    stage.check("the brief fits on a screen", lines <= 12, f"{lines} lines")


async def _declare(stage: Stage) -> None:
    known = {stage.incident_of(service) for service in SERVICES}
    await stage.bystander.command(cast.GENERAL_CHANNEL, 'declare "Invoices show a wrong total" --service billing')

    async def declared() -> str | None:
        events = await stage.seen.look()
        begun = [e for e in events if e.type is AuditType.ASSEMBLY_STARTED and e.details.get("service") == "billing"]
        return begun[-1].incident_id if begun else None

    incident = await stage.lead.see(declared, "what was declared is an incident")
    await stage.until(AuditType.WAR_ROOM_ASSEMBLED, incident)
    rooms = {one["id"]: one for one in (await stage.slack())["channels"]}
    members = rooms[stage.room(incident)]["members"]
    stage.check(
        "what a person declares has a room, and they are in it",
        incident not in known and stage.bystander.user in members,
        f"{len(members)} members",
    )
