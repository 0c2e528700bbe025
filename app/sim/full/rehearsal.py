"""The whole play, and what an auditor finds afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from app import clock
from app.domain.audit import AuditType
from app.sim import auditor, cast
from app.sim.auditor import Check, Report
from app.sim.full import after, cadence, command, endings, page, storm
from app.sim.full.stage import Stage
from app.sim.player import NotSeen
from app.sim.sandbox import Sandbox

SPEED = 30.0  # the people's minute takes two seconds
SETTINGS = {
    "FOUR_EYES": "true",
    "APPROVER_USERGROUP_ID": cast.APPROVER_GROUP,
    "NUDGE_INTERVAL_S": "300",
    "RATING_FOLLOW_UP_S": "240",
    "RATING_SKIPPED_S": "480",
    "POSTMORTEM_SLA_S": "600",
    "ARCHIVE_DELAY_S": "900",
}


async def rehearse(say: Callable[[str], None] = lambda _: None) -> Report:
    """Own sandbox, on free ports, gone afterwards. ``say`` is told what happens."""
    async with Sandbox(speed=SPEED, processor=SETTINGS, say=say) as sandbox:
        stage, stopped, began = Stage(sandbox, say), "", clock.monotonic()
        try:
            await _play(stage)
        except NotSeen as error:
            stopped = str(error)
            say(f"stopped: {stopped}")
        stage.check("it was played to its end", not stopped, stopped or "from the storm to the last archived room")
        report = await _report(stage, {"played_ms": round((clock.monotonic() - began) * 1000)})
        pids = sandbox.pids()
    return auditor.with_leaks(report, auditor.still_alive(pids))


async def _play(stage: Stage) -> None:
    alone = await storm.play(stage)
    await endings.begin(stage, alone)
    main = stage.incident_of(cast.SERVICE)
    await command.play(stage, main)
    await cadence.play(stage, main)
    await page.play(stage, main)
    await cadence.see(stage, timedelta(seconds=int(SETTINGS["NUDGE_INTERVAL_S"])))
    await endings.see(stage, alone)
    await after.play(stage, main)


async def _report(stage: Stage, timings: dict[str, int]) -> Report:
    incidents = sorted({event.incident_id for event in stage.seen.events})
    exports = [await auditor.export_of(stage.sandbox, incident) for incident in incidents]
    broken = [problem for export in exports for problem in (export.problems() if export else ["no incident"])]
    gestures = (await stage.slack())["gestures"]
    late = [gesture for gesture in gestures if gesture["outcome"] != "acked"]
    published = {e.incident_id for e in stage.seen.events if e.type is AuditType.STATUSPAGE_PUBLISHED}
    checks = (
        *stage.checks,
        Check("every gesture was acknowledged", not late, f"{len(gestures)} gestures, {len(late)} late or lost"),
        Check("only the incident that it was meant for is public", len(published) == 1, ", ".join(published)),
    )
    leaks = await auditor.left_behind(stage.sandbox.at.aws, stage.say)
    events = sum(len(export.events) for export in exports if export)
    return Report(
        incidents[0] if incidents else None, checks, events, bool(events) and not broken, tuple(leaks), timings
    )
