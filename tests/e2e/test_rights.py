"""Least privilege: each pod's role allows what the pod does, and nothing that it never does.

The sandbox refuses what a role does not allow, so every test in here shows that the roles allow enough. This one shows
that they do not allow more: one incident and a few accidents use every right that they name.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import httpx

from app.domain.audit import AuditType
from app.queue.envelope import Envelope
from app.sim import aws, cast
from app.sim.environment import sweep_env
from app.sim.player import Player
from app.sim.rights import POLICIES, Right, allowed, by
from app.sim.sandbox import Sandbox
from tests.e2e.conftest import eventually

QUEUES = (aws.INCIDENT_EVENTS, aws.NUDGE_EVENTS, aws.SLA_CHECK)
LONG = 3600  # the people's seconds; nothing fires of itself before it is wanted


async def test_each_role_allows_exactly_what_its_pod_does() -> None:
    """X3, G7: in the template from which the sandbox and a deployment are made."""
    async with Sandbox(speed=20, processor={"ARCHIVE_DELAY_S": str(LONG)}) as sandbox:
        player = Player(sandbox, cast.PEOPLE[0])
        await _an_incident(sandbox, player)
        await _accidents(sandbox, player.trail[0].incident_id)
        await player.until(AuditType.WAR_ROOM_ARCHIVED)

        async def archived() -> bool:
            return any(right.action == "s3:PutObject" for _, right in await _told(sandbox, "used"))

        await eventually(archived)
        await _sweep(sandbox)
        used, refused = await _told(sandbox, "used"), await _told(sandbox, "refused")
    assert refused == set()
    for role in POLICIES:
        needed = {right for who, asked in used if who == role for right in by(role, asked)}
        assert allowed(role) - needed == set(), f"{role} may do what it never does: take it out of the template"


async def _an_incident(sandbox: Sandbox, player: Player) -> None:
    """From its alert to its end, with reminders that are silenced and a text that a model wrote."""
    await sandbox.fire(title="Checkout error rate above 5 %")
    await player.until(AuditType.WAR_ROOM_ASSEMBLED)
    room = str((await player.until(AuditType.WAR_ROOM_CREATED)).details["channel_id"])
    await player.command(cast.FALLBACK_CHANNEL, "checklist")  # is told which rooms there are
    await player.command(room, "silence")
    await player.until(AuditType.NUDGES_SILENCED)
    await player.command(room, "status draft")
    await player.until(AuditType.STATUSPAGE_DRAFT_SHOWN)
    await player.click(room, "reject_statuspage")
    await player.until(AuditType.STATUSPAGE_DRAFT_REJECTED)
    await player.command(room, "resolve now")
    await player.until(AuditType.POSTMORTEM_CREATED)
    await player.until(AuditType.RATING_ASKED)


async def _accidents(sandbox: Sandbox, incident_id: str) -> None:
    """In each queue: a message that nobody can read, and one that fails for a while."""
    sqs = aws.client("sqs", sandbox.at.aws)

    async def send(queue: str, name: str, text: str) -> None:
        url = aws.queue_url(sandbox.at.aws, queue)
        message = {"MessageBody": text, "MessageGroupId": name, "MessageDeduplicationId": name}
        await asyncio.to_thread(sqs.send_message, QueueUrl=url, **message)

    await sandbox.break_vendor("slack", "error", match="conversations.archive")
    for queue in QUEUES:
        await send(queue, "unreadable", "not an envelope")
        body = f'{{"incident_id":"{incident_id}"}}'
        archive = Envelope(kind="event:archive_due", lane="timer:x", dedup_id="x", body=body)
        await send(queue, "fails", archive.encode())

    async def put_off_and_parked() -> bool:
        done = {(right.action, right.resource) for _, right in await _told(sandbox, "used")}
        return all(
            {("sqs:ChangeMessageVisibility", aws.queue_arn(queue)),
             ("sqs:SendMessage", aws.queue_arn(aws.dead_letter(queue)))} <= done
            for queue in QUEUES
        )  # fmt: skip

    await eventually(put_off_and_parked)
    await sandbox.mend_vendor("slack")


async def _sweep(sandbox: Sandbox) -> None:
    command = [sys.executable, "-P", "-m", "app.cli", "audit", "sweep", "--json"]
    sweep = await asyncio.create_subprocess_exec(*command, env=sweep_env(sandbox.at), stdout=asyncio.subprocess.PIPE)
    said, _ = await sweep.communicate()
    assert sweep.returncode == 0, said.decode()


async def _told(sandbox: Sandbox, what: str) -> set[tuple[str, Right]]:
    async with httpx.AsyncClient(trust_env=False) as http:
        found: list[Any] = (await http.get(f"{sandbox.at.aws}/rights")).json()[what]
    found += (await sandbox.people("bedrock/people/state"))["rights"][what]
    return {(role, Right(action, resource)) for role, action, resource in found}
