"""The two pods as processes, in the sandbox, over real HTTP: what an SRE, an auditor and an attacker would try."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from app.domain.audit import AuditType, verify
from app.signature import sign_hex
from app.sim import cast
from app.sim.oncall import OnCallSim
from app.sim.player import Player
from app.sim.sandbox import Sandbox
from tests.e2e.conftest import eventually

IC = cast.PEOPLE[0]


async def _rooms(sandbox: Sandbox) -> list[dict[str, Any]]:
    channels = (await sandbox.people("slack/people/state"))["channels"]
    return [channel for channel in channels if channel["name"].startswith("incident-response-")]


async def _page(sandbox: Sandbox) -> dict[str, Any]:
    page: dict[str, Any] = await sandbox.people("statuspage/people/state")
    return page


async def _assembled(sandbox: Sandbox) -> tuple[Player, str]:
    player = Player(sandbox, IC)
    await sandbox.fire(title="Checkout error rate above 5 %")
    await player.until(AuditType.WAR_ROOM_ASSEMBLED)
    return player, (await _rooms(sandbox))[0]["id"]


async def _drafted(sandbox: Sandbox) -> tuple[Player, str]:
    player, room = await _assembled(sandbox)
    await player.command(room, "status draft Some customers cannot pay by card.")
    await player.until(AuditType.STATUSPAGE_DRAFT_SHOWN)
    return player, room


async def test_alerts_fired_while_the_webhook_was_down_get_their_rooms_once_each() -> None:
    """P-accept, L8: OnCall does not send a refused event again; the reconciler finds what it has open."""
    async with Sandbox(speed=20, processor={"RECONCILE_INTERVAL_S": "30"}) as sandbox:
        sandbox.kill("webhook")
        for number in range(3):
            fired = await sandbox.fire(title=f"Alert {number}", service=f"service-{number}")
            assert fired["delivery"]["status"] is None
        await sandbox.restart("webhook")
        player = Player(sandbox, IC)
        await player.until(AuditType.WAR_ROOM_ASSEMBLED, count=3)
        await asyncio.sleep(3)  # two more looks of the reconciler, and OnCall's own late retries
        rooms = await _rooms(sandbox)
        assert len(rooms) == 3
        assert len({room["topic"] for room in rooms}) == 3


async def test_what_the_webhook_says_to_curl(sandbox: Sandbox) -> None:
    oncall = OnCallSim()
    body = json.dumps(oncall.payload(oncall.fire("Checkout is slow"), "alert group created")).encode()
    signed = sign_hex(cast.HMAC_SECRET, body)

    async def post(content: bytes, signature: str) -> int:
        headers = {"Content-Type": "application/json", "X-Grafana-OnCall-Signature": signature}
        async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
            answer = await http.post(f"{sandbox.at.webhook}/webhook", content=content, headers=headers)
            return answer.status_code

    assert await post(body, "sha256=" + "0" * 64) == 401
    assert await post(b"x" * 2_000_000, signed) == 413
    await sandbox.cut_queue()
    assert await post(body, signed) == 503
    await sandbox.mend_queue()
    assert await post(body, f"sha256={signed}") == 202
    await Player(sandbox, IC).until(AuditType.WAR_ROOM_ASSEMBLED)
    assert len(await _rooms(sandbox)) == 1


async def test_an_old_approve_button_is_refused_and_two_clicks_publish_once(sandbox: Sandbox) -> None:
    """G2, D5."""
    player, room = await _drafted(sandbox)
    old_message, old_value = await player.button(room, "approve_statuspage")
    await player.edit(room, body="Card payments fail for some customers.")
    await player.until(AuditType.STATUSPAGE_DRAFT_SHOWN, count=2)

    await player.click(room, "approve_statuspage", ts=old_message, stale_value=old_value)
    await player.until(AuditType.STATUSPAGE_APPROVAL_REFUSED)

    async def told() -> bool:
        return any("Card payments fail for some customers." in answer for answer in await player.answers())

    await eventually(told)
    assert (await _page(sandbox))["incidents"] == []

    message, _ = await player.button(room, "approve_statuspage")
    await asyncio.gather(*(player.click(room, "approve_statuspage", ts=message) for _ in range(2)))
    await player.until(AuditType.STATUSPAGE_PUBLISHED)

    async def second_answered() -> bool:
        return any("before this click" in answer for answer in await player.answers())

    await eventually(second_answered)
    page = await _page(sandbox)
    assert len(page["writes"]) == 1
    approved = [e.details["sha256"] for e in player.trail if e.type is AuditType.STATUSPAGE_DRAFT_APPROVED]
    assert approved == [page["writes"][0]["sha256"]]


async def test_a_statuspage_that_commits_and_then_times_out_publishes_once(sandbox: Sandbox) -> None:
    """D6, D7: the room says UNKNOWN, then PUBLISHED."""
    player, room = await _drafted(sandbox)
    await sandbox.break_vendor("statuspage", "commit_then_timeout", times=1, match="POST")
    await player.click(room, "approve_statuspage")
    await player.until(AuditType.STATUSPAGE_PUBLISHED)

    async def said() -> list[str]:
        words = [post["text"] for post in await player.posts(room)]
        return [word for word in words if ": UNKNOWN:" in word or "PUBLISHED to customers" in word]

    async def both() -> bool:
        return len(await said()) == 2

    await eventually(both)
    unknown, published = await said()
    assert ("UNKNOWN" in unknown, "PUBLISHED" in published) == (True, True)
    page = await _page(sandbox)
    assert (len(page["writes"]), len(page["incidents"])) == (1, 1)


@pytest.mark.parametrize("after", [AuditType.ASSEMBLY_STARTED, AuditType.WAR_ROOM_CREATED])
async def test_a_processor_killed_in_the_middle_leaves_one_room_that_the_next_one_finishes(after: AuditType) -> None:
    """D1, L5."""
    async with Sandbox(processor={"VISIBILITY_TIMEOUT_S": "5"}) as sandbox:
        await sandbox.break_vendor("slack", "latency", seconds=0.5)
        player = Player(sandbox, IC)
        await sandbox.fire(title="Checkout error rate above 5 %")
        await player.until(after)
        sandbox.kill("processor")
        assert AuditType.WAR_ROOM_ASSEMBLED not in [event.type for event in player.trail]
        await sandbox.mend_vendor("slack")
        await sandbox.restart("processor")
        await player.until(AuditType.WAR_ROOM_ASSEMBLED)
        [room] = await _rooms(sandbox)
        expected = {person.slack_id for person in cast.PEOPLE if person.active and person.role != "Bystander"}
        assert expected <= set(room["members"])
        effects = [post["metadata"]["event_payload"]["effect_id"] for post in room["posts"] if post["metadata"]]
        assert len(effects) == len(set(effects))
        assert verify(player.trail) == []


async def test_a_rolling_restart_in_the_middle_loses_nothing(sandbox: Sandbox) -> None:
    """L5: SIGTERM finishes or gives back what is in flight."""
    await sandbox.break_vendor("slack", "latency", seconds=0.3)
    player = Player(sandbox, IC)
    await sandbox.fire(title="Checkout error rate above 5 %")
    await player.until(AuditType.ASSEMBLY_STARTED)
    await sandbox.stop("processor")
    await sandbox.mend_vendor("slack")
    await sandbox.restart("processor")
    await player.until(AuditType.WAR_ROOM_ASSEMBLED)
    assert len(await _rooms(sandbox)) == 1


async def test_a_forged_click_in_the_queue_is_parked_and_publishes_nothing(sandbox: Sandbox) -> None:
    """G10: whoever may write to the queue is not thereby a person."""
    from app.queue.envelope import Envelope, SlackSignature
    from app.sim import aws

    player, room = await _drafted(sandbox)
    _, value = await player.button(room, "approve_statuspage")
    payload = {
        "type": "block_actions", "user": {"id": IC.slack_id}, "team": {"id": cast.TEAM_ID}, "channel": {"id": room},
        "actions": [{"action_id": "approve_statuspage", "block_id": "b", "value": value, "action_ts": "1.0"}],
    }  # fmt: skip
    forged = Envelope(
        kind="slack", lane="slack:forged", dedup_id="forged",
        body=str(httpx.QueryParams({"payload": json.dumps(payload)})),
        signature=SlackSignature(timestamp="1", v0="v0=" + "0" * 64),
    )  # fmt: skip
    sqs = aws.client("sqs", sandbox.at.aws)
    url = aws.queue_url(sandbox.at.aws, aws.INCIDENT_EVENTS)
    dead = aws.queue_url(sandbox.at.aws, aws.dead_letter(aws.INCIDENT_EVENTS))
    await asyncio.to_thread(
        sqs.send_message, QueueUrl=url, MessageBody=forged.encode(), MessageGroupId="x", MessageDeduplicationId="x"
    )

    async def parked() -> str | None:
        found = await asyncio.to_thread(sqs.receive_message, QueueUrl=dead, MessageAttributeNames=["All"])
        messages = found.get("Messages", [])
        return str(messages[0]["MessageAttributes"]["reason"]["StringValue"]) if messages else None

    reason = await eventually(parked)
    assert "signature" in str(reason)
    assert (await _page(sandbox))["writes"] == []


async def test_a_reminder_reaches_the_commander_when_nobody_has_spoken() -> None:
    """T1: an interval after the room stands, in a direct message, and none before."""
    async with Sandbox(speed=120, processor={"NUDGE_INTERVAL_S": "300"}) as sandbox:
        player, room = await _assembled(sandbox)
        sent = await player.until(AuditType.NUDGE_SENT)
        assembled = next(event for event in player.trail if event.type is AuditType.WAR_ROOM_ASSEMBLED)
        assert (sent.at - assembled.at).total_seconds() > 240
        directs = (await sandbox.people("slack/people/state"))["directs"]
        assert [direct["with_user"] for direct in directs if "snooze" in str(direct["posts"])] == [IC.slack_id]
        await player.command(room, "silence")
        await player.until(AuditType.NUDGES_SILENCED)
        await player.command(room, "resolve now")
        await player.until(AuditType.NUDGES_REMOVED)
