"""What the app hears of a simulated workspace: what it is subscribed to, where it is, as far as its scopes go.

https://docs.slack.dev/apis/events-api
"""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import Any

from app import clock
from app.sim import cast, slack_payloads
from app.sim.slack_delivery import Courier, Gesture
from app.sim.slack_state import Workspace

Json = dict[str, Any]

# What the app is subscribed to, and the scope that each needs in a private channel.
SUBSCRIBED = {
    "member_joined_channel": "groups:read",
    "member_left_channel": "groups:read",
    "message": "groups:history",  # message.groups: private channels only
    "pin_added": "pins:read",
    "reaction_added": "reactions:read",
}
TRIES_S = (0.0, 60.0, 300.0)  # the pause before each: https://docs.slack.dev/apis/events-api#retries


class Events:
    """``tell`` is what the workspace calls; whoever gave the occasion does not wait for it."""

    def __init__(self, workspace: Workspace, courier: Courier) -> None:
        self._workspace = workspace
        self._courier = courier
        self._under_way: set[asyncio.Task[None]] = set()

    def tell(self, event: Json) -> None:
        channel = self._workspace.channels[event.get("channel") or event.get("channel_id") or event["item"]["channel"]]
        heard = channel.private and not channel.with_user and cast.BOT_USER_ID in channel.members
        if not heard or SUBSCRIBED[event["type"]] not in self._workspace.scopes:
            return
        payload = slack_payloads.event_callback(event, self._workspace.new_id("Ev"), int(clock.wall()))
        gesture = Gesture(clock.new_id(), "events_api", (event.get("message") or event)["user"], payload)
        # Slack's own work: no part of the call that gave the occasion, nor of the process that made it.
        task = asyncio.get_running_loop().create_task(self._deliver(gesture), context=Context())
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _deliver(self, event: Gesture) -> None:
        for pause in TRIES_S:
            await clock.sleep(pause)
            await self._courier.deliver(event)
            if event.ack_ms is not None:
                return
