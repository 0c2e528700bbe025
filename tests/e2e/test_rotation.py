"""A secret is rotated under two running pods: the same processes go on, with the new one."""

from __future__ import annotations

from pathlib import Path

import httpx

from app import clock
from app.domain.audit import AuditType
from app.signature import sign_slack
from app.sim import cast
from app.sim.player import Player
from app.sim.sandbox import Sandbox
from tests.e2e.conftest import eventually
from tests.mounted import Mounted


async def test_a_vendors_new_key_is_taken_up_and_what_the_old_one_kept_from_ending_ends(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path, LINEAR_API_KEY="lin_api_revoked")
    told = {"LINEAR_API_KEY": "", "SECRETS_DIR": str(mounted.folder)}
    async with Sandbox(speed=60, processor=told) as sandbox:
        player, before = Player(sandbox, cast.PEOPLE[0]), sandbox.pids()
        await sandbox.fire(title="Checkout error rate above 5 %")
        await player.until(AuditType.WAR_ROOM_ASSEMBLED)
        [room] = [one["id"] for one in (await sandbox.people("slack/people/state"))["channels"] if one["private"]]
        await player.command(room, "resolve now")
        failed = await player.until(AuditType.STEP_FAILED)
        assert "Linear" in failed.details["why"]
        mounted.rotate(LINEAR_API_KEY=cast.LINEAR_KEY)
        await player.until(AuditType.POSTMORTEM_CREATED)
        assert sandbox.pids() == before


async def test_slacks_new_signing_secret_is_taken_up_by_the_webhook(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path, SLACK_SIGNING_SECRET="of yesterday")
    told = {"SLACK_TRANSPORT": "http", "SLACK_SIGNING_SECRET": "", "SECRETS_DIR": str(mounted.folder)}
    async with Sandbox(webhook=told) as sandbox, httpx.AsyncClient(trust_env=False) as slack:

        async def taken() -> bool:
            body, timestamp = b"command=/incident-response&text=help&user_id=U0LEAD", str(int(clock.wall()))
            signed = sign_slack(cast.SIGNING_SECRET, timestamp, body)
            headers = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signed}
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            answer = await slack.post(f"{sandbox.at.webhook}/slack/events", content=body, headers=headers)
            return answer.status_code != 401

        before = sandbox.pids()
        assert not await taken()
        mounted.rotate(SLACK_SIGNING_SECRET=cast.SIGNING_SECRET)
        assert await eventually(taken)
        assert sandbox.pids() == before
