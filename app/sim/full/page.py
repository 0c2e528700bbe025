"""One public incident through all four states, by two pairs of eyes; what was changed on the page is put back."""

from __future__ import annotations

from app.domain.audit import AuditType
from app.sim.full import trails
from app.sim.full.stage import Stage

STATES = ("investigating", "identified", "monitoring", "resolved")
COMPONENT = "Checkout"
PRIVATE = ("jo.doe@example.com", "4111 1111 1111 1111")  # nobody's: kept for examples, and for tests of cards


async def play(stage: Stage, incident: str) -> None:
    room = stage.room(incident)
    writer, approver = stage.secondary, stage.lead  # the commander writes; somebody of the approvers' group approves
    first = f'status draft investigating --component "{COMPONENT}"=partial_outage --next 10 Some customers cannot pay.'
    await writer.command(room, first)
    await _shown(stage, incident, 1)
    await writer.press("approve_statuspage", about=incident, channel=room)
    refused = await stage.until(AuditType.STATUSPAGE_APPROVAL_REFUSED, incident)
    stage.check(
        "four eyes: who wrote a text cannot approve it", refused.actor == f"slack:{writer.user}", refused.details
    )
    await _approve(stage, incident, room, 1)
    await stage.until(AuditType.UPDATE_PROMISED, incident)
    await _private(stage, incident, room)
    await writer.command(room, "status draft identified We found the cause and are mending it.")
    await _shown(stage, incident, 3)
    await stage.until(AuditType.PROMISE_BROKEN, incident)
    ok, found = trails.promise_broken(stage.of(incident))
    told = "customers were promised an update" in await stage.posts(room)
    stage.check("an update that was promised and never came: the room is told", ok and told, found)
    await _approve(stage, incident, room, 2)
    await writer.command(room, "mitigated rolled back")
    await stage.until(AuditType.INCIDENT_MITIGATED, incident)
    await writer.command(room, "status draft Payments work again. We are watching.")
    await _shown(stage, incident, 4)
    await _approve(stage, incident, room, 3)
    await writer.command(room, "resolve")
    await writer.press("last_word_first", about=incident)
    await _shown(stage, incident, 5)
    await approver.press("approve_statuspage", about=incident, channel=room)
    await stage.until(AuditType.STATUSPAGE_PUBLISHED, incident, count=4)
    await _look(stage, incident)


async def _private(stage: Stage, incident: str, room: str) -> None:
    """Somebody writes what customers must not read, and somebody else approves it unread."""
    await stage.secondary.command(room, f"status draft identified {PRIVATE[0]} paid twice with {PRIVATE[1]}.")
    await _shown(stage, incident, 2)
    await stage.lead.press("approve_statuspage", about=incident, channel=room)
    refused = await stage.until(AuditType.STATUSPAGE_APPROVAL_REFUSED, incident, count=2)
    page, trail = str(await stage.sandbox.people("statuspage/people/state")), str(stage.of(incident))
    left = [what for what in PRIVATE if what in page or what in trail]
    why = str(refused.details["why"])
    stage.check(
        "an address or a card number cannot be approved, and is in no trail",
        "e-mail address" in why and "card number" in why and not left,
        why,
    )


async def _shown(stage: Stage, incident: str, count: int) -> None:
    await stage.until(AuditType.STATUSPAGE_DRAFT_SHOWN, incident, count=count)


async def _approve(stage: Stage, incident: str, room: str, count: int) -> None:
    await stage.lead.press("approve_statuspage", about=incident, channel=room)
    await stage.until(AuditType.STATUSPAGE_PUBLISHED, incident, count=count)


async def _look(stage: Stage, incident: str) -> None:
    page = await stage.sandbox.people("statuspage/people/state")
    states = [update["status"] for update in reversed(page["updates"])]
    stage.check(
        "one public incident, through all four states",
        len(page["incidents"]) == 1 and tuple(states) == STATES,
        " → ".join(states),
    )
    status = {component["name"]: component["status"] for component in page["components"]}
    stage.check("the component is as it was before", status[COMPONENT] == "operational", status[COMPONENT])
    approved = [e.details["sha256"] for e in stage.of(incident, AuditType.STATUSPAGE_DRAFT_APPROVED)]
    published = [e.details["sha256"] for e in stage.of(incident, AuditType.STATUSPAGE_PUBLISHED)]
    sent = [write["sha256"] for write in page["writes"]]
    stage.check(
        "the bytes sent are the bytes approved, each once (SHA-256)",
        len(sent) == len(STATES) and approved == published == sent,
        f"{len(approved)} approved, {len(published)} published, {len(sent)} sent",
    )
