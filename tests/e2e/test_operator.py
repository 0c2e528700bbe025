"""What an operator types at a deployment, typed at the two pods of a sandbox."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys

from app.domain.audit import AuditType
from app.sim import aws, cast
from app.sim.environment import processor_env, webhook_env
from app.sim.player import Player
from app.sim.sandbox import Sandbox

ROUTE = ("--integration", cast.ONCALL_INTEGRATION, "--route", cast.ONCALL_ROUTE)


async def test_a_drill_at_a_deployment_fires_watches_and_judges() -> None:
    """S9: a real webhook, a real room, the people of the route that was named; then the sweep finds all as it was."""
    async with Sandbox() as sandbox:
        player = Player(sandbox, cast.PEOPLE[0])
        pasted = f"{sandbox.at.webhook}/webhook"  # as the sandbox prints it, and as OnCall has it
        fired = asyncio.create_task(_typed(sandbox, "drill", "--json", "--url", pasted, *ROUTE))
        room = await _room(player)
        await player.command(room, "status draft Some customers cannot pay.")
        await player.until(AuditType.STATUSPAGE_DRAFT_SHOWN)
        await player.click(room, "approve_statuspage")
        await player.until(AuditType.STATUSPAGE_APPROVAL_REFUSED)
        await player.command(room, "resolve now")
        code, printed = await fired
        report = json.loads(printed)
        assert (code, report["ok"], report["leaks"]) == (0, True, [])
        assert report["invited"] == report["members"] == sum(person.on_call_now for person in cast.PEOPLE)
        assert report["came"] == 1
        assert 0 < report["first_human_s"] <= report["approval_s"] <= report["resolved_s"]
        assert report["archive_at"]
        assert "Drill in sandbox: " in player.trail[0].details["title"]
        code, printed = await _typed(sandbox, "audit", "verify", report["incident"])
        assert code == 0
        code, printed = await _typed(sandbox, "audit", "sweep", "--json")
        assert (code, json.loads(printed)["incidents"]) == (0, 1)


async def test_a_drill_that_nobody_came_to_has_failed_and_ends_itself() -> None:
    """S10: an invitation makes a member of the room at once, and is no visit; the incident is over all the same."""
    async with Sandbox(speed=60) as sandbox:
        code, printed = await _typed(sandbox, "drill", "--json", "--url", sandbox.at.webhook, "--minutes", "0", *ROUTE)
        report = json.loads(printed)
        assert (code, report["ok"], report["came"], report["first_human_s"]) == (1, False, 0, None)
        assert report["invited"] > 0
        assert report["assembled_ms"] is not None
        assert report["resolved_s"] > 0
        assert report["leaks"] == []


async def test_a_drill_that_is_interrupted_ends_its_alert() -> None:
    """S10: the room is asked whether it is over, and does not stand for ever."""
    async with Sandbox() as sandbox:
        drill = await _started(sandbox, "drill", "--json", "--url", sandbox.at.webhook, *ROUTE)
        player = Player(sandbox, cast.PEOPLE[0])
        await _room(player)
        drill.send_signal(signal.SIGINT)
        await player.until(AuditType.RESOLUTION_PROPOSED)
        await drill.communicate()
        assert drill.returncode != 0


async def test_a_drill_proves_itself_as_the_deployment_asks_and_may_be_fired_twice() -> None:
    """A stock OnCall cannot sign, so the deployment guide sets a token; two drills in an hour are two incidents."""
    token = {"WEBHOOK_AUTH": "bearer"}
    async with Sandbox(webhook=token) as sandbox:
        # As ``echo`` and an editor write it: with a new line behind it, which is no part of it.
        aws.client("secretsmanager", sandbox.at.aws).put_secret_value(
            SecretId=cast.HMAC_SECRET_ID, SecretString=f"{cast.HMAC_SECRET}\n"
        )
        fire = ("drill", "--json", "--url", sandbox.at.webhook, *ROUTE)
        assert await _typed(sandbox, *fire) == (1, "")  # signed, where a token is asked for
        player = Player(sandbox, cast.PEOPLE[0])
        for number in (1, 2):
            fired = asyncio.create_task(_typed(sandbox, *fire, **token))
            await player.command(await _room(player, number), "resolve now")
            code, printed = await fired
            assert (code, json.loads(printed)["ok"]) == (0, True)


async def test_a_drill_that_may_not_read_the_secret_says_so_in_a_line() -> None:
    async with Sandbox(pods=False) as sandbox:
        code, printed = await _typed(
            sandbox, "drill", "--url", sandbox.at.webhook, GRAFANA_ONCALL_HMAC_SECRET_ID="no-such-secret"
        )
        assert (code, "Traceback" in printed, "GRAFANA_ONCALL_HMAC_SECRET_ID" in printed) == (1, False, True)


async def test_a_drill_is_led_by_hand_fired_observed_joined_and_ended() -> None:
    """S9: the script lets people into the room of a drill, and into no other."""
    async with Sandbox() as sandbox:
        player, by_hand = Player(sandbox, cast.PEOPLE[0]), "scripts.live_drill"
        code, printed = await _typed(sandbox, "fire", "--url", sandbox.at.webhook, *ROUTE, module=by_hand)
        assert code == 0
        incident, group = printed.split()[1], printed.split("live_drill end ")[1].split()[0]
        room, guest = await _room(player), cast.PEOPLE[-1].slack_id
        code, printed = await _typed(sandbox, "join", incident, guest, module=by_hand)
        assert code == 0
        slack = await sandbox.people("slack/people/state")
        assert guest in next(one["members"] for one in slack["channels"] if one["id"] == room)
        code, printed = await _typed(sandbox, "observe", incident, module=by_hand)
        assert code == 0
        shown = (room, aws.INCIDENT_EVENTS, "waiting, 0 given up", "war room assembled")
        assert [what for what in shown if what not in printed] == []
        code, printed = await _typed(sandbox, "end", group, "--url", sandbox.at.webhook, module=by_hand)
        assert code == 0
        await player.until(AuditType.RESOLUTION_PROPOSED, incident=incident)
        await sandbox.fire(title="It is real", service="mail")
        await _room(player, 2)
        real = player.trail[-1].incident_id
        code, printed = await _typed(sandbox, "join", real, guest, module=by_hand)
        assert (code, "is no drill" in printed, "Traceback" in printed) == (1, True, False)


async def _room(player: Player, number: int = 1) -> str:
    """Of that many incidents the last one's, when everything is in it."""
    assembled = await player.until(AuditType.WAR_ROOM_ASSEMBLED, count=number)
    made = await player.until(AuditType.WAR_ROOM_CREATED, incident=assembled.incident_id)
    return str(made.details["channel_id"])


async def _typed(sandbox: Sandbox, *words: str, module: str = "app.cli", **more: str) -> tuple[int, str]:
    command = await _started(sandbox, *words, module=module, **more)
    printed, _ = await command.communicate()
    return command.returncode or 0, printed.decode()


async def _started(sandbox: Sandbox, *words: str, module: str = "app.cli", **more: str) -> asyncio.subprocess.Process:
    told = {**webhook_env(sandbox.at, sandbox.clock), **processor_env(sandbox.at, sandbox.clock)}
    own = {"AWS_ACCESS_KEY_ID": aws.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": aws.SECRET_KEY}  # a person's, not a pod's
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *words,
        env={**os.environ, **told, **own, **more}, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL if "--json" in words else asyncio.subprocess.STDOUT,
    )  # fmt: skip
