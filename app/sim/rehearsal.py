"""A whole incident in the sandbox, played by people who are not there: ``incident-response drill --sandbox``.

Fires a P1, takes command, drafts, edits, approves, resolves, rejects the closing text, rates, waits for the archive
and for the question where the postmortem is.
The auditor (``auditor.py``) then looks at what is left, and at nothing that was said here.
"""

from __future__ import annotations

from collections.abc import Callable

from app import clock
from app.domain.audit import AuditType
from app.sim import auditor, cast
from app.sim.auditor import Report
from app.sim.player import NotSeen, Player
from app.sim.sandbox import Sandbox

SPEED = 20.0  # the people's minute takes three seconds: the room is archived while one waits
ARCHIVE_AFTER_S = 60  # the people's seconds
SLA_S = 90  # after the last of the other schedules, so that none of them can pass for one left behind
COMMANDER = cast.PEOPLE[1]  # not the one who has command by being first on call
WORDS = "Some customers cannot pay by card. We are working on it and will write again within 30 minutes."


async def rehearse(say: Callable[[str], None] = lambda _: None) -> Report:
    """Own sandbox, on free ports, gone afterwards. ``say`` is told what happens."""
    settings = {
        "ARCHIVE_DELAY_S": str(ARCHIVE_AFTER_S),
        "RATING_FOLLOW_UP_S": str(ARCHIVE_AFTER_S),
        "RATING_SKIPPED_S": str(ARCHIVE_AFTER_S),
        "POSTMORTEM_SLA_S": str(SLA_S),
    }
    async with Sandbox(speed=SPEED, processor=settings, say=say) as sandbox:
        player, timings, stopped = Player(sandbox, COMMANDER, say), dict[str, int](), None
        try:
            await _play(player, timings)
        except NotSeen as error:
            stopped = str(error)
            say(f"stopped: {stopped}")
        incident = player.trail[0].incident_id if player.trail else None
        report = await auditor.examine(sandbox, incident, timings, stopped, say)
        pids = sandbox.pids()
    return auditor.with_leaks(report, auditor.still_alive(pids))


async def _play(player: Player, timings: dict[str, int]) -> None:
    """``timings``: milliseconds of the machines' time, filled in on the way."""
    fired = clock.monotonic()
    await player.sandbox.fire(title="Checkout error rate above 5 %")
    timings["accepted_ms"] = _since(fired)
    await player.until(AuditType.WAR_ROOM_ASSEMBLED)
    timings["assembled_ms"] = _since(fired)

    room = str((await player.until(AuditType.WAR_ROOM_CREATED)).details["channel_id"])
    await player.click(room, "take_command")
    await player.until(AuditType.IC_ASSIGNED, count=2)
    timings["published_ms"] = await _publish(player, room)
    timings["postmortem_ms"] = await _resolve(player, room)
    await player.until(AuditType.WAR_ROOM_ARCHIVED)
    await player.until(AuditType.POSTMORTEM_OVERDUE)


async def _publish(player: Player, room: str) -> int:
    await player.command(room, "status draft")
    await player.until(AuditType.STATUSPAGE_DRAFT_SHOWN)
    await player.edit(room, body=WORDS)
    await player.until(AuditType.STATUSPAGE_DRAFT_SHOWN, count=2)
    clicked = clock.monotonic()
    await player.click(room, "approve_statuspage")
    await player.until(AuditType.STATUSPAGE_PUBLISHED)
    return _since(clicked)


async def _resolve(player: Player, room: str) -> int:
    asked = clock.monotonic()
    await player.command(room, "resolve now")
    await player.until(AuditType.POSTMORTEM_CREATED)
    took = _since(asked)
    await player.until(AuditType.RATING_ASKED)
    await player.click(room, "rate:5")
    # The page is still open, so a closing text is put before the commander, who leaves that to another day.
    await player.until(AuditType.STATUSPAGE_DRAFT_SHOWN, count=3)
    await player.click(room, "reject_statuspage")
    await player.until(AuditType.STATUSPAGE_DRAFT_REJECTED)
    await player.until(AuditType.RATING_GIVEN)
    return took


def _since(moment: float) -> int:
    return round((clock.monotonic() - moment) * 1000)
