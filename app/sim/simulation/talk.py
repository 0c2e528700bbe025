"""What people say in a room, what they mark as worth remembering, and what they want to be reminded of."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from app import clock
from app.sim.simulation.chance import Chance
from app.sim.simulation.house import House
from app.sim.slack_blocks import elements
from app.sim.slack_people import NotPossible
from app.sim.slack_state import Channel

ACTS = {
    "update": 0.8, "say_update": 0.8, "chat": 0.6, "note": 0.5, "pin": 0.6, "pushpin": 0.6, "snooze": 1.0,
    "resume": 0.6, "quiet": 1.2, "promise": 1.5,
}  # fmt: skip
_A_MOMENT_S = 20.0
_COMMANDS = {
    "update": 'update "We rolled back & watch it."',
    "note": 'note "12:10 was wrong, 12:20 is right"',
    "resume": "resume",
}
_WORDS = {"say_update": "We have identified the cause and are rolling back.", "chat": "who has the <dashboard>?"}


async def do(act: str, house: House, room: Channel, user: str, dice: Chance) -> None:
    if act in _COMMANDS:
        await _command(house, user, room, _COMMANDS[act])
    elif act in _WORDS:
        house.book.note("", "person", f"{user} says: {_WORDS[act]}")
        house.people.say(user, room.id, _WORDS[act])
    elif act == "promise":
        by = clock.now() + timedelta(minutes=dice.randint(6, 12))
        await _command(house, user, room, f"status draft We look into it. Next update by {by:%H:%M} UTC.")
        await _press(house, user, room, "approve_statuspage")
    elif act == "quiet":
        await _command(house, user, room, "silence")
        await asyncio.sleep(dice.uniform(30, 600))
        await _press(house, user, room, "resume_nudges")
    elif act == "snooze":
        await _snooze(house, user, dice)
    else:
        _mark(house, user, room, act, dice)


async def _command(house: House, user: str, room: Channel, words: str) -> None:
    house.book.note("", "person", f"{user} /incident-response {words}")
    await house.people.command(user, room.id, words)


async def _press(house: House, user: str, room: Channel, button: str) -> None:
    """The newest one, when there was time enough for it to appear."""
    await asyncio.sleep(_A_MOMENT_S)
    shown = _buttons(room, button)
    if not shown:
        raise NotPossible(f"nothing shows {button}")
    ts, action_id = shown[-1]
    house.book.note("", "person", f"{user} presses {action_id} at {ts}")
    await house.people.click(user, room.id, ts, action_id)


async def _snooze(house: House, user: str, dice: Chance) -> None:
    """One of the buttons of a reminder, new or old."""
    direct = house.slack.workspace.direct(user)
    shown = _buttons(direct, "snooze")
    if not shown:
        raise NotPossible(f"nobody reminded {user}")
    ts, action_id = dice.choice(shown)
    house.book.note("", "person", f"{user} presses {action_id} at {ts}")
    await house.people.click(user, direct.id, ts, action_id)


def _buttons(channel: Channel, action: str) -> list[tuple[str, str]]:
    return [
        (post.ts, element["action_id"])
        for post in channel.posts
        for block in post.blocks
        for element in elements(block)
        if element.get("action_id", "").partition(":")[0] == action
    ]


def _mark(house: House, user: str, room: Channel, how: str, dice: Chance) -> None:
    """Some message of the room, ours or a person's."""
    if not room.posts:
        raise NotPossible("nothing was said yet")
    ts = dice.choice(room.posts).ts
    house.book.note("", "person", f"{user} marks {ts} ({how})")
    if how == "pin":
        house.people.pin(user, room.id, ts)
    else:
        house.people.react(user, room.id, ts, how)
