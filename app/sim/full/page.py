"""One public incident through all four states, by two pairs of eyes; what was changed on the page is put back."""

from __future__ import annotations

from app.domain.audit import AuditType
from app.sim.full.stage import Stage

STATES = ("investigating", "identified", "monitoring", "resolved")
COMPONENT = "Checkout"


async def play(stage: Stage, incident: str) -> None:
    room = stage.room(incident)
    writer, approver = stage.secondary, stage.lead  # the commander writes; somebody of the approvers' group approves
    first = f'status draft investigating --component "{COMPONENT}"=partial_outage --next 30 Some customers cannot pay.'
    await writer.command(room, first)
    await _shown(stage, incident, 1)
    await writer.press("approve_statuspage", about=incident, channel=room)
    refused = await stage.until(AuditType.STATUSPAGE_APPROVAL_REFUSED, incident)
    stage.check(
        "four eyes: who wrote a text cannot approve it", refused.actor == f"slack:{writer.user}", refused.details
    )
    await _approve(stage, incident, room, 1)
    await stage.until(AuditType.UPDATE_PROMISED, incident)
    await writer.command(room, "status draft identified We found the cause and are mending it.")
    await _shown(stage, incident, 2)
    await _approve(stage, incident, room, 2)
    await writer.command(room, "mitigated rolled back")
    await stage.until(AuditType.INCIDENT_MITIGATED, incident)
    await writer.command(room, "status draft Payments work again. We are watching.")
    await _shown(stage, incident, 3)
    await _approve(stage, incident, room, 3)
    await writer.command(room, "resolve")
    await writer.press("last_word_first", about=incident)
    await _shown(stage, incident, 4)
    await approver.press("approve_statuspage", about=incident, channel=room)
    await stage.until(AuditType.STATUSPAGE_PUBLISHED, incident, count=4)
    await _look(stage, incident)


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
