"""A whole incident in the sandbox, played by people who are not there: ``incident-response drill --sandbox``.

Fires a P1, takes command, drafts, edits, approves, resolves, rejects the closing text, rates, waits for the archive.
The auditor (``auditor.py``) then looks at what is left, and at nothing that was said here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app import clock
from app.domain.audit import AuditEvent, AuditType
from app.errors import IncidentResponseError
from app.sim import auditor, cast
from app.sim.auditor import Report
from app.sim.sandbox import Sandbox
from app.sim.timeline import Trails, tell

SPEED = 20.0  # the people's minute takes three seconds: the room is archived while one waits
ARCHIVE_AFTER_S = 60  # the people's seconds
COMMANDER = cast.PEOPLE[1]  # not the one who has command by being first on call
WORDS = "Some customers cannot pay by card. We are working on it and will write again within 30 minutes."

_WAIT_S = 90.0  # machine seconds for any one thing to happen
_LOOK_S = 0.05


class NotSeen(IncidentResponseError):
    """Something that should have happened did not, in time."""


async def rehearse(say: Callable[[str], None] = lambda _: None) -> Report:
    """Own sandbox, on free ports, gone afterwards. ``say`` is told what happens."""
    settings = {"ARCHIVE_DELAY_S": str(ARCHIVE_AFTER_S)}
    async with Sandbox(speed=SPEED, processor=settings, say=say) as sandbox:
        play = _Play(sandbox, say)
        try:
            await play.whole()
        except NotSeen as error:
            say(f"stopped: {error}")
            play.stopped = str(error)
        report = await auditor.examine(sandbox, play.incident, play.timings, play.stopped)
        pids = sandbox.pids()
    return auditor.with_leaks(report, auditor.still_alive(pids))


@dataclass
class _Play:
    sandbox: Sandbox
    say: Callable[[str], None]
    trail: list[AuditEvent] = field(default_factory=list)
    timings: dict[str, int] = field(default_factory=dict)  # milliseconds of the machines' time
    stopped: str | None = None

    def __post_init__(self) -> None:
        self._trails = Trails(self.sandbox.at.aws)

    async def whole(self) -> None:
        await self._assemble()
        room = self._detail(AuditType.WAR_ROOM_CREATED, "channel_id")
        await self._take_command(room)
        await self._publish(room)
        await self._resolve(room)
        await self._until(AuditType.WAR_ROOM_ARCHIVED)

    async def _assemble(self) -> None:
        fired = clock.monotonic()
        await self.sandbox.fire(title="Checkout error rate above 5 %")
        self.timings["accepted_ms"] = _since(fired)
        await self._until(AuditType.WAR_ROOM_ASSEMBLED)
        self.timings["assembled_ms"] = _since(fired)

    async def _take_command(self, room: str) -> None:
        await self._click(room, "take_command")
        await self._until(AuditType.IC_ASSIGNED, count=2)

    async def _publish(self, room: str) -> None:
        await self._command(room, "status draft")
        await self._until(AuditType.STATUSPAGE_DRAFT_SHOWN)
        await self._click(room, "edit_statuspage")
        modal = await self._modal()
        await self._people("submit", user=COMMANDER.slack_id, view_id=modal, values={"body": WORDS})
        await self._until(AuditType.STATUSPAGE_DRAFT_SHOWN, count=2)
        clicked = clock.monotonic()
        await self._click(room, "approve_statuspage")
        await self._until(AuditType.STATUSPAGE_PUBLISHED)
        self.timings["published_ms"] = _since(clicked)

    async def _resolve(self, room: str) -> None:
        asked = clock.monotonic()
        await self._command(room, "resolve")
        await self._until(AuditType.POSTMORTEM_CREATED)
        self.timings["postmortem_ms"] = _since(asked)
        await self._until(AuditType.RATING_ASKED)
        await self._click(room, "rate:5")
        # The page is still open, so a closing text is put before the commander, who leaves that to another day.
        await self._until(AuditType.STATUSPAGE_DRAFT_SHOWN, count=3)
        await self._click(room, "reject_statuspage")
        await self._until(AuditType.STATUSPAGE_DRAFT_REJECTED)
        await self._until(AuditType.RATING_GIVEN)

    # ------------------------------------------------------------ hands

    async def _command(self, room: str, text: str) -> None:
        await self._people("command", user=COMMANDER.slack_id, channel=room, text=text)

    async def _click(self, room: str, action_id: str) -> None:
        """The newest button of that kind in the room."""
        state = await self.sandbox.people("slack/people/state")
        channel = next(one for one in state["channels"] if one["id"] == room)
        shown = [post["ts"] for post in channel["posts"] if _has_button(post["blocks"], action_id)]
        if not shown:
            raise NotSeen(f"no message in the room has a button {action_id}")
        await self._people("click", user=COMMANDER.slack_id, channel=room, ts=shown[-1], action_id=action_id)

    async def _people(self, act: str, **given: Any) -> None:
        gesture = await self.sandbox.people(f"slack/people/{act}", **given)
        if gesture["outcome"] != "acked":
            raise NotSeen(f"Slack got no answer to {act} in time: {gesture['shown']}")

    # ------------------------------------------------------------ eyes

    @property
    def incident(self) -> str | None:
        return self.trail[0].incident_id if self.trail else None

    async def _until(self, kind: AuditType, *, count: int = 1) -> None:
        until = clock.monotonic() + _WAIT_S
        while [event.type for event in self.trail].count(kind) < count:
            if clock.monotonic() > until:
                raise NotSeen(f"{kind} did not happen within {_WAIT_S:g} s")
            await asyncio.sleep(_LOOK_S)
            for event in await asyncio.to_thread(self._trails.new):
                self.trail.append(event)
                self.say(f"{event.seq:>3}  {tell(event).text}")

    async def _modal(self) -> str:
        until = clock.monotonic() + _WAIT_S
        while clock.monotonic() < until:
            state = await self.sandbox.people("slack/people/state")
            for modal in state["modals"]:
                if modal["user"] == COMMANDER.slack_id and modal["state"] == "open":
                    return str(modal["id"])
            await asyncio.sleep(_LOOK_S)
        raise NotSeen("the editor did not open")

    def _detail(self, kind: AuditType, name: str) -> str:
        return next(str(event.details[name]) for event in self.trail if event.type is kind)


def _has_button(blocks: list[dict[str, Any]], action_id: str) -> bool:
    return any(element.get("action_id") == action_id for block in blocks for element in block.get("elements", ()))


def _since(moment: float) -> int:
    return round((clock.monotonic() - moment) * 1000)
