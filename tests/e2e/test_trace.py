"""What an operator sees of an incident who opens its trace."""

from __future__ import annotations

import json
from typing import Any

from app.domain.audit import AuditType
from app.sim import aws, cast
from app.sim.player import Player
from app.sim.sandbox import Sandbox
from tests.conftest import Serve
from tests.e2e.otlp import Collector

STORY = {
    "webhook request",
    f"work {aws.INCIDENT_EVENTS}",
    "create_channel",
    "resolve_responders",
    "invite_responders",
    "post_context",
    "pin_checklist",
    "schedule_nudge",
    "status_draft",
    "approve_statuspage",
    "gate publish",
    "gate approve",
    "gate read back",
    "gate post",
    "Statuspage publish",
    "resolve",
    "write_postmortem",
    "announce",
    "schedule_archive",
    f"work {aws.SLA_CHECK}",
}


async def test_an_incident_is_one_trace_from_its_alert_to_its_archive(serve: Serve) -> None:
    """Through the queue, the gate and the scheduler, and over two pods; what people did is linked to their own."""
    collector = Collector()
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": serve(collector.app())}
    short = {"ARCHIVE_DELAY_S": "60", "POSTMORTEM_SLA_S": "60"}
    async with Sandbox(speed=20, webhook=endpoint, processor={**endpoint, **short}) as sandbox:
        await _one_incident(Player(sandbox, cast.PEOPLE[0]))
        await sandbox.stop("processor")  # which exports what it still had, before it ends
        await sandbox.stop("webhook")
        lines = _lines(sandbox.log("webhook")) + _lines(sandbox.log("processor"))

    [made] = collector.named("create_channel")
    assert STORY - collector.in_trace(made.trace_id) == set()
    assert {span.pod for span in collector.spans if span.trace_id == made.trace_id} == {
        "incident-response-webhook",
        "incident-response-processor",
    }
    [approved] = collector.named("approve_statuspage")
    [click] = approved.links
    assert collector.in_trace(click) >= {"slack gesture", f"work {aws.INCIDENT_EVENTS}"}
    assert any(made.trace_id in span.links for span in collector.spans if span.trace_id == click)

    # A line of the log leads to the trace, and so to the whole story.
    accepted = [line["trace_id"] for line in lines if line.get("path") == "/webhook"]
    assert accepted == [made.trace_id]
    assert collector.counted["assembly_duration_seconds"] == 1
    assert collector.counted["first_human_seconds"] == 1


async def test_a_collector_that_is_away_changes_nothing() -> None:
    """P-bounded: what a pod tells about itself is never what it does."""
    nobody = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    async with Sandbox(webhook=nobody, processor=nobody) as sandbox:
        player = Player(sandbox, cast.PEOPLE[0])
        await sandbox.fire(title="Checkout error rate above 5 %")
        await player.until(AuditType.WAR_ROOM_ASSEMBLED)
        await sandbox.restart("processor")


async def _one_incident(player: Player) -> None:
    await player.sandbox.fire(title="Checkout error rate above 5 %")
    room = str((await player.until(AuditType.WAR_ROOM_CREATED)).details["channel_id"])
    await player.until(AuditType.WAR_ROOM_ASSEMBLED)
    await player.command(room, "status draft Some customers cannot pay by card.")
    await player.until(AuditType.STATUSPAGE_DRAFT_SHOWN)
    await player.click(room, "approve_statuspage")
    await player.until(AuditType.STATUSPAGE_PUBLISHED)
    await player.command(room, "resolve now")
    await player.until(AuditType.STATUSPAGE_DRAFT_SHOWN, count=2)
    await player.click(room, "reject_statuspage")  # the closing text waits for another day, and the room need not
    await player.until(AuditType.WAR_ROOM_ARCHIVED)
    await player.until(AuditType.POSTMORTEM_OVERDUE)


def _lines(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]
