"""What all scenes share: the sandbox, its people, what has happened so far, and the checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.domain.audit import AuditEvent, AuditType
from app.sim import cast
from app.sim.auditor import Check
from app.sim.player import NotSeen, Player, Seen
from app.sim.sandbox import Sandbox

Json = dict[str, Any]


class Person(Player):
    """Presses what is shown to them, wherever that is: in a room, in their direct messages, or to them alone."""

    async def press(self, action: str, *, about: str, channel: str = "") -> Json:
        """The newest button of that kind that is about this (an incident's id, …); of ``rate:5``-like ones any."""

        async def shown() -> tuple[str, str, str, str] | None:
            found = [
                one for one in await self._buttons(channel) if one[2].partition(":")[0] == action.partition(":")[0]
            ]
            fitting = [one for one in found if about in one[3] and one[2].startswith(action)]
            return max(fitting, key=lambda one: float(one[1]), default=None)

        where, ts, action_id, value = await self.see(shown, f"{self.user} is shown {action}")
        return await self._do("click", channel=where, ts=ts, action_id=action_id, value=value)

    async def _buttons(self, channel: str) -> list[tuple[str, str, str, str]]:
        """Channel, message, action and value of each button before this person's eyes."""
        state = await self.sandbox.people("slack/people/state")
        rooms = [one for one in state["channels"] if one["id"] == channel or self.user in one["members"]]
        own = [one for one in state["directs"] if one["with_user"] == self.user]
        shown = [(one["id"], post) for one in [*rooms, *own] for post in one["posts"]]
        shown += [(one["channel"], one) for one in state["whispers"] if one["user"] == self.user]
        return [
            (where, str(post["ts"]), str(element["action_id"]), str(element["value"]))
            for where, post in shown
            for block in post["blocks"]
            for element in [*block.get("elements", ()), block.get("accessory") or {}]
            if "action_id" in element and "value" in element
        ]


class Stage:
    def __init__(self, sandbox: Sandbox, say: Callable[[str], None]) -> None:
        self.sandbox = sandbox
        self.say = say
        self.seen = Seen(sandbox, say)
        primary, secondary, lead, engineer, _, bystander = cast.PEOPLE
        self.primary, self.secondary = self._person(primary), self._person(secondary)
        self.lead, self.engineer, self.bystander = self._person(lead), self._person(engineer), self._person(bystander)
        self.checks: list[Check] = []

    def _person(self, member: cast.Member) -> Person:
        return Person(self.sandbox, member, seen=self.seen)

    def check(self, name: str, ok: bool, found: object) -> None:
        self.checks.append(Check(name, ok, str(found)))
        self.say(f"{'✓' if ok else '✗'} {name}: {found}")

    # ------------------------------------------------------------ what has happened

    async def until(self, kind: AuditType, incident: str, *, count: int = 1) -> AuditEvent:
        return await self.lead.until(kind, count=count, incident=incident)

    def of(self, incident: str, *kinds: AuditType) -> list[AuditEvent]:
        """What was seen of it so far, in order."""
        return [e for e in self.seen.events if e.incident_id == incident and (not kinds or e.type in kinds)]

    def room(self, incident: str) -> str:
        made = self.of(incident, AuditType.WAR_ROOM_CREATED, AuditType.WAR_ROOM_ADOPTED)
        if not made:
            raise NotSeen(f"incident {incident} has no room")
        return str(made[-1].details["channel_id"])

    def incident_of(self, service: str) -> str:
        """The newest one of the service."""
        begun = [
            e for e in self.seen.events if e.type is AuditType.ASSEMBLY_STARTED and e.details.get("service") == service
        ]
        if not begun:
            raise NotSeen(f"no incident of {service}")
        return begun[-1].incident_id

    # ------------------------------------------------------------ what one sees

    async def slack(self) -> Json:
        state: Json = await self.sandbox.people("slack/people/state")
        return state

    async def told(self, user: str) -> str:
        """All that this person was told in private, in one text."""
        directs = (await self.slack())["directs"]
        return "\n".join(
            f"{p['text']} {p['blocks']}" for one in directs if one["with_user"] == user for p in one["posts"]
        )

    async def posts(self, channel: str) -> str:
        return "\n".join(f"{post['text']} {post['blocks']}" for post in await self.lead.posts(channel))
