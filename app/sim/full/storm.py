"""A hundred alert groups on five services: five rooms. One of them comes apart again, and one nobody comes to."""

from __future__ import annotations

import asyncio

from app.domain.audit import AuditType
from app.sim import cast
from app.sim.full.stage import Stage

SERVICES = (cast.SERVICE, "payments", "search", "accounts", "mail")
GROUPS = 100
_AT_ONCE = 10


async def play(stage: Stage) -> str:
    """The incident of what was split off."""
    await _storm(stage)
    alone = await _split(stage, stage.incident_of("payments"))
    await _nobody(stage, stage.incident_of("mail"))
    return alone


async def _storm(stage: Stage) -> None:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def fire(number: int) -> None:
        service = SERVICES[number % len(SERVICES)]
        async with gate:
            await stage.sandbox.fire(title=f"{service}: error rate above 5 % ({number})", service=service)

    await asyncio.gather(*(fire(number) for number in range(GROUPS)))
    await stage.lead.until(AuditType.WAR_ROOM_ASSEMBLED, count=len(SERVICES))
    await stage.lead.until(AuditType.ALERT_JOINED, count=GROUPS - len(SERVICES))
    rooms = [one for one in (await stage.slack())["channels"] if one["name"].startswith("incident-response-")]
    opened = {e.incident_id for e in stage.seen.events if e.type is AuditType.ALERT_RECEIVED}
    stage.check(
        f"a storm of {GROUPS} alert groups on {len(SERVICES)} services is {len(SERVICES)} rooms",
        len(rooms) == len(opened) == len(SERVICES),
        f"{len(rooms)} rooms, {len(opened)} incidents",
    )
    longest = max(len(one["posts"]) for one in rooms)
    stage.check("a storm does not flood its rooms", longest < GROUPS / len(SERVICES), f"at most {longest} messages")
    for service in SERVICES[:-1]:  # somebody is there, except in the last one
        await stage.lead.command(stage.room(stage.incident_of(service)), "status")


async def _split(stage: Stage, incident: str) -> str:
    before = {event.incident_id for event in stage.seen.events}
    joined = stage.of(incident, AuditType.ALERT_JOINED)[0].details["alert_group"]
    await stage.lead.command(stage.room(incident), f"split {joined}")
    await stage.until(AuditType.ALERT_SPLIT_OFF, incident)

    async def apart() -> str | None:
        events = await stage.seen.look()
        stood = [e.incident_id for e in events if e.type is AuditType.WAR_ROOM_ASSEMBLED]
        return next((one for one in stood if one not in before), None)

    alone = await stage.lead.see(apart, "what was split off has a room of its own")
    stage.check("an alert that was split off is an incident of its own", alone not in before, alone)
    return alone


async def _nobody(stage: Stage, incident: str) -> None:
    """Nobody does anything in its room: the next person on call is told, and then the fallback channel."""
    await stage.until(AuditType.NOBODY_HERE_ESCALATED, incident, count=2)
    told = [str(e.details["told"]) for e in stage.of(incident, AuditType.NOBODY_HERE_ESCALATED)]
    channels = {one["id"]: str(one["posts"]) for one in (await stage.slack())["channels"]}
    room = stage.room(incident)
    stage.check(
        "nobody is here: the next on call is told, then the fallback channel",
        told == [stage.secondary.user, cast.FALLBACK_CHANNEL]
        and room in await stage.told(stage.secondary.user)
        and room in channels[cast.FALLBACK_CHANNEL],
        " then ".join(told),
    )
