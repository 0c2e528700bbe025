"""What people do in the rooms: they press what is shown, what was shown before, and what is not theirs to press."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from app.domain.incident import Incident
from app.sim import cast
from app.sim.simulation import crew, talk, triage, wording
from app.sim.simulation.alerts import Alerts, Planned
from app.sim.simulation.chance import Chance, stream
from app.sim.simulation.house import House
from app.sim.simulation.steps import Step
from app.sim.slack_blocks import elements
from app.sim.slack_people import NotPossible
from app.sim.slack_state import Channel

WHO = "people"
ACTS = {
    "draft": 4.0, "draft_words": 2.0, "draft_unfit": 0.5, "edit": 4.0, "approve": 6.0, "approve_twice": 1.5,
    "approve_stale": 1.5, "reject": 1.5, "resolve": 1.5, "resolve_twice": 0.3, "silence": 0.7, "silence_button": 0.7,
    "take_command": 2.0, "rate": 3.0, "status": 1.0, "checklist": 0.7, "help": 0.5, "mistyped": 0.4, "wrong_room": 0.5,
    "mitigated": 1.0, "mitigated_undo": 0.4, "task": 2.5, "tasks": 0.3, "task_done": 3.0, "tick": 1.5, "review": 0.6,
    **crew.ACTS, **talk.ACTS, **triage.ACTS, **wording.ACTS,
}  # fmt: skip
_PATIENCE_S = 120.0  # to wait for a button that is not there yet
_LOOK_S = 3.0
_COMMANDS = {
    "draft": "status draft", "draft_words": "status draft Some customers cannot pay by card. More in 30 minutes.",
    "draft_unfit": "status draft We are looking into [describe impact] with TODO.", "resolve": "resolve",
    "silence": "silence", "status": "status", "checklist": "checklist", "help": "help", "mistyped": "statsu",
    "mitigated": "mitigated rolled back", "mitigated_undo": "mitigated undo", "tasks": "task",
    "task": f'task "Roll back the release & see" <@{cast.PEOPLE[2].slack_id}>',
}  # fmt: skip
_BUTTONS = {
    "approve": "approve_statuspage", "edit": "edit_statuspage", "reject": "reject_statuspage",
    "silence_button": "silence_nudges", "take_command": "take_command", "rate": "rate",
    "tick": "tick", "task_done": "task_done",
}  # fmt: skip
EVERYBODY = tuple(person.slack_id for person in cast.PEOPLE if person.active)


def plan(chance: Chance, fires: Sequence[float]) -> list[Planned]:
    steps: list[Planned] = []
    for group, fired in enumerate(fires):
        for _ in range(chance.randint(3, 14)):
            at = fired + (chance.uniform(15, 300) if chance.random() < 0.4 else chance.uniform(60, 2400))
            act = chance.choices(tuple(ACTS), tuple(ACTS.values()))[0]
            who = "ic" if chance.random() < 0.6 else chance.choice(EVERYBODY)
            steps.append((at, WHO, act, {"group": group, "user": who}))
    return steps


class InRooms:
    """Acts, each in a task of its own: a person who waits for an answer keeps nobody else from acting."""

    def __init__(self, house: House, alerts: Alerts, seed: int) -> None:
        self._house, self._alerts, self._seed = house, alerts, seed

    async def do(self, step: Step) -> None:
        dice = stream(self._seed, f"step {step.number}")
        try:
            await self._act(step.act, step.args, dice)
        except NotPossible as why:
            self._house.book.note("", "person", f"{step.act}: not possible: {why}")

    async def _act(self, act: str, args: dict[str, Any], dice: Chance) -> None:
        incident = await self._soon(lambda: self._incident(args["group"]))
        if incident is None or incident.channel_id is None:
            raise NotPossible("there is no room yet")
        fresh = self._house.store.incidents[incident.id]
        user = (fresh.ic or EVERYBODY[0]) if args["user"] == "ic" else args["user"]
        room = self._house.slack.workspace.channels[incident.channel_id]
        if act in crew.ACTS:
            await crew.do(act, self._house, fresh, room, user, dice)
        elif act in talk.ACTS:
            await talk.do(act, self._house, room, user, dice)
        elif act in wording.ACTS:
            await wording.do(act, self._house, room, user, dice)
        elif act in triage.ACTS:
            await triage.do(act, self._house, fresh, room, user, dice)
        elif act == "review":
            await self._review(incident.id)
        else:
            await self._act_by_hand(act, user, room, dice)

    async def _act_by_hand(self, act: str, user: str, room: Channel, dice: Chance) -> None:
        kind, _, way = act.partition("_")
        if act == "wrong_room":
            await self._command(user, cast.GENERAL_CHANNEL, dice.choice(("status", "resolve", "status draft")))
        elif act in _COMMANDS:
            await self._command(user, room.id, _COMMANDS[act])
        elif act == "edit":
            await self._edit(user, room, dice)
        elif way == "twice" and kind == "resolve":
            await asyncio.gather(*(self._command(user, room.id, "resolve") for _ in range(2)))
        elif way == "twice":
            await self._press(user, room, _BUTTONS[kind], dice, times=2)
        elif way == "stale":
            await self._press_stale(user, room, _BUTTONS[kind], dice)
        else:
            await self._press(user, room, _BUTTONS[act], dice)

    # ------------------------------------------------------------ hands

    async def _command(self, user: str, room: str, words: str) -> None:
        self._house.book.note("", "person", f"{user} /incident-response {words}")
        await self._house.people.command(user, room, words)

    async def _press(self, user: str, room: Channel, button: str, dice: Chance, times: int = 1) -> None:
        """The newest one of its kind, as soon as there is one."""
        shown = await self._soon(lambda: buttons(room, button))
        if not shown:
            raise NotPossible(f"nothing shows {button}")
        newest = [one for one in shown if one[0] == shown[-1][0]]
        ts, action_id, _ = dice.choice(newest)
        self._house.book.note("", "person", f"{user} presses {action_id} at {ts}" + (" twice" if times > 1 else ""))
        clicks = (self._house.people.click(user, room.id, ts, action_id) for _ in range(times))
        await asyncio.gather(*clicks)

    async def _press_stale(self, user: str, room: Channel, button: str, dice: Chance) -> None:
        """One that this person's client still shows although it is gone or of an older text."""
        old = buttons(room, button, before=True)
        if not old:
            raise NotPossible(f"nothing ever showed {button}")
        ts, action_id, value = dice.choice(old)
        self._house.book.note("", "person", f"{user} presses the old {action_id} at {ts}")
        await self._house.people.click(user, room.id, ts, action_id, stale_value=value)

    async def _edit(self, user: str, room: Channel, dice: Chance) -> None:
        modals = self._house.slack.workspace.modals
        known = set(modals)
        await self._press(user, room, _BUTTONS["edit"], dice)
        opened = await self._soon(
            lambda: [one for one in modals.values() if one.id not in known and one.user == user and one.state == "open"]
        )
        if not opened:
            raise NotPossible("the editor did not open")
        await asyncio.sleep(dice.uniform(2, 90))
        self._house.book.note("", "person", f"{user} saves {opened[-1].id}")
        words = {"body": f"Payments fail for some, note {dice.random():.6f}."}
        await self._house.people.submit(user, opened[-1].id, words)

    async def _review(self, incident: str) -> None:
        """In Linear, when the postmortem is there."""
        filed = await self._soon(lambda: self._house.store.incidents[incident].postmortem)
        if filed is None:
            raise NotPossible("no postmortem is filed")
        self._house.book.note("", "person", f"closes {filed.identifier}")
        self._house.linear.move(filed.id, "completed")

    # ------------------------------------------------------------ eyes

    def _incident(self, group: int) -> Incident | None:
        """The one that its alert group is in, or else the last that it was in that has a room."""
        wanted = self._alerts.groups.get(group, "")
        here = self._house.store.lookups.get(("ALERT", wanted))
        found = [one for one in self._house.incidents if one.group(wanted) and one.channel_id]
        return max(found, key=lambda one: (one.id == here, one.created_at), default=None)

    async def _soon(self, look: Any) -> Any:
        for _ in range(int(_PATIENCE_S / _LOOK_S)):
            if found := look():
                return found
            await asyncio.sleep(_LOOK_S)
        return None


def buttons(room: Channel, action: str, *, before: bool = False) -> list[tuple[str, str, str]]:
    """(ts, action_id, value) of every button of that kind in the room, oldest first; or of those there ever were."""
    found = []
    for post in room.posts:
        versions = [*(old["blocks"] for old in post.before), post.blocks] if before else [post.blocks]
        for blocks in versions:
            for block in blocks:
                for element in elements(block):
                    if element.get("action_id", "").partition(":")[0] == action:
                        found.append((post.ts, element["action_id"], element.get("value", "")))
    return found
