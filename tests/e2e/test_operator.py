"""What an operator types at a deployment, typed at the two pods of a sandbox."""

from __future__ import annotations

import asyncio
import json
import os
import sys

from app.sim import aws, cast
from app.sim.environment import processor_env, webhook_env
from app.sim.sandbox import Sandbox


async def test_a_drill_at_a_deployment_fires_watches_and_judges() -> None:
    """S9: a real webhook, a real room, the people of the route that was named; then the sweep finds all as it was."""
    async with Sandbox() as sandbox:
        route = ("--integration", cast.ONCALL_INTEGRATION, "--route", cast.ONCALL_ROUTE)
        code, printed = await _typed(sandbox, "drill", "--json", "--url", sandbox.at.webhook, *route)
        report = json.loads(printed)
        assert (code, report["ok"]) == (0, True)
        assert report["people"] == sum(person.on_call_now for person in cast.PEOPLE)
        code, printed = await _typed(sandbox, "audit", "verify", report["incident"])
        assert code == 0
        code, printed = await _typed(sandbox, "audit", "sweep", "--json")
        assert (code, json.loads(printed)["incidents"]) == (0, 1)


async def test_a_drill_whose_room_nobody_entered_has_failed() -> None:
    async with Sandbox() as sandbox:
        # No route is named, so nobody is found: the fallback channel hears of it, and the drill is no success.
        code, printed = await _typed(sandbox, "drill", "--json", "--url", sandbox.at.webhook)
        report = json.loads(printed)
        assert (code, report["ok"], report["people"]) == (1, False, 0)
        assert report["assembled_ms"] is not None


async def test_a_drill_proves_itself_as_the_deployment_asks_and_may_be_fired_twice() -> None:
    """A stock OnCall cannot sign, so the deployment guide sets a token; two drills in an hour are two incidents."""
    token = {"WEBHOOK_AUTH": "bearer"}
    async with Sandbox(webhook=token) as sandbox:
        route = ("--integration", cast.ONCALL_INTEGRATION, "--route", cast.ONCALL_ROUTE)
        fire = ("drill", "--json", "--url", sandbox.at.webhook, *route)
        assert await _typed(sandbox, *fire) == (1, "")  # signed, where a token is asked for
        for _ in range(2):
            code, printed = await _typed(sandbox, *fire, **token)
            assert (code, json.loads(printed)["ok"]) == (0, True)


async def test_a_drill_that_may_not_read_the_secret_says_so_in_a_line() -> None:
    async with Sandbox(pods=False) as sandbox:
        code, printed = await _typed(
            sandbox, "drill", "--url", sandbox.at.webhook, GRAFANA_ONCALL_HMAC_SECRET_ID="no-such-secret"
        )
        assert (code, "Traceback" in printed, "GRAFANA_ONCALL_HMAC_SECRET_ID" in printed) == (1, False, True)


async def _typed(sandbox: Sandbox, *words: str, **more: str) -> tuple[int, str]:
    told = {**webhook_env(sandbox.at, sandbox.clock), **processor_env(sandbox.at, sandbox.clock)}
    own = {"AWS_ACCESS_KEY_ID": aws.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": aws.SECRET_KEY}  # a person's, not a pod's
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.cli", *words,
        env={**os.environ, **told, **own, **more}, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL if "--json" in words else asyncio.subprocess.STDOUT,
    )  # fmt: skip
    printed, _ = await command.communicate()
    return command.returncode or 0, printed.decode()
