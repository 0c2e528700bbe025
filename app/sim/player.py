"""Somebody in the sandbox: presses what is shown, types what they want, and sees the audit trail go by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from app import clock
from app.domain.audit import AuditEvent, AuditType
from app.errors import IncidentResponseError
from app.sim.cast import Member
from app.sim.sandbox import Sandbox
from app.sim.timeline import Trails, tell

Json = dict[str, Any]
T = TypeVar("T")

WAIT_S = 90.0  # machine seconds for any one thing to happen
_LOOK_S = 0.05


class NotSeen(IncidentResponseError):
    """Something that should have happened did not, in time."""


class Seen:
    """What has happened so far: ``say`` is told of each event of every trail, in the order in which it was seen."""

    def __init__(self, sandbox: Sandbox, say: Callable[[str], None] = lambda _: None) -> None:
        self.events: list[AuditEvent] = []
        self._say = say
        self._trails = Trails(sandbox.at.aws)

    async def look(self) -> list[AuditEvent]:
        for event in await asyncio.to_thread(self._trails.new):
            self.events.append(event)
            self._say(f"{event.incident_id}  {event.seq:>3}  {tell(event).text}")
        return self.events


class Player:
    """One person. Several of them see with the same eyes when they are given the same ``seen``."""

    def __init__(
        self,
        sandbox: Sandbox,
        person: Member,
        say: Callable[[str], None] = lambda _: None,
        *,
        seen: Seen | None = None,
    ) -> None:
        self.sandbox = sandbox
        self.user = person.slack_id
        self.seen = seen or Seen(sandbox, say)

    @property
    def trail(self) -> list[AuditEvent]:
        return self.seen.events

    # ------------------------------------------------------------ hands

    async def command(self, room: str, text: str) -> Json:
        return await self._do("command", channel=room, text=text)

    async def click(self, room: str, action_id: str, *, ts: str | None = None, stale_value: str | None = None) -> Json:
        """The newest button of that kind in the room; or in the message ``ts``, as it was before it changed."""
        shown = ts or (await self.button(room, action_id))[0]
        stale = {"stale_value": stale_value} if stale_value else {}
        return await self._do("click", channel=room, ts=shown, action_id=action_id, **stale)

    async def edit(self, room: str, **values: str) -> Json:
        """Opens the editor of the newest draft, and saves it with these fields."""
        await self.click(room, "edit_statuspage")
        modal = await self.see(self._open_modal, "the editor opened")
        return await self._do("submit", view_id=modal, values=values)

    async def _do(self, act: str, **given: Any) -> Json:
        gesture: Json = await self.sandbox.people(f"slack/people/{act}", user=self.user, **given)
        if gesture["outcome"] != "acked":
            raise NotSeen(f"Slack got no answer to {act} in time: {gesture['shown']}")
        return gesture

    # ------------------------------------------------------------ eyes

    async def until(self, kind: AuditType, *, count: int = 1, incident: str | None = None) -> AuditEvent:
        """The event of that number of that type, when it has happened: of one incident, or of any."""

        async def happened() -> AuditEvent | None:
            events = await self.seen.look()
            found = [e for e in events if e.type is kind and incident in {None, e.incident_id}]
            return found[count - 1] if len(found) >= count else None

        return await self.see(happened, f"{kind} happened" + (f" in {incident}" if incident else ""))

    async def see(self, look: Callable[[], Awaitable[T | None]], what: str) -> T:
        until = clock.monotonic() + WAIT_S
        while not (found := await look()):
            if clock.monotonic() > until:
                raise NotSeen(f"not seen within {WAIT_S:g} s: {what}")
            await asyncio.sleep(_LOOK_S)
        return found

    async def button(self, room: str, action_id: str) -> tuple[str, str]:
        """The message and the value of the newest button of that kind."""
        shown = [
            (post["ts"], element["value"])
            for post in await self.posts(room)
            for block in post["blocks"]
            for element in block.get("elements", ())
            if element.get("action_id") == action_id
        ]
        if not shown:
            raise NotSeen(f"no message in the room has a button {action_id}")
        ts, value = shown[-1]
        return str(ts), str(value)

    async def posts(self, room: str) -> list[Json]:
        state = await self.sandbox.people("slack/people/state")
        return next(list(channel["posts"]) for channel in state["channels"] if channel["id"] == room)

    async def answers(self) -> list[str]:
        """What this person alone was told, oldest first."""
        state = await self.sandbox.people("slack/people/state")
        return [f"{one['text']} {one['blocks']}" for one in state["whispers"] if one["user"] == self.user]

    async def _open_modal(self) -> str | None:
        state = await self.sandbox.people("slack/people/state")
        mine = [modal for modal in state["modals"] if modal["user"] == self.user and modal["state"] == "open"]
        return str(mine[-1]["id"]) if mine else None
