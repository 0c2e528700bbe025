"""What people do to the public side: states, components, old texts confirmed, the question before *resolve*."""

from __future__ import annotations

import asyncio

from app.sim.simulation.chance import Chance
from app.sim.simulation.house import House
from app.sim.slack_blocks import elements
from app.sim.slack_people import NotPossible
from app.sim.slack_state import Channel

ACTS = {
    "draft_state": 1.5, "draft_components": 1.5, "edit_components": 1.0, "renew": 1.5, "last_word_first": 1.2,
    "resolve_now": 0.8,
}  # fmt: skip
_STATES = ("investigating", "identified", "monitoring", "resolved")
_LOOKS = 10
_LOOK_S = 4.0
_UNTIL_TOO_OLD_S = 420.0


async def do(act: str, house: House, room: Channel, user: str, dice: Chance) -> None:
    if act == "draft_state":
        await _command(house, user, room, f"status draft {dice.choice(_STATES)} We keep at it.")
    elif act == "draft_components":
        way = dice.choice(('"checkout"=partial_outage', "API=degraded_performance --next 15", "Chekout=major_outage"))
        await _command(house, user, room, f"status draft --component {way} Some payments fail.")
    elif act == "edit_components":
        await _edit(house, user, room, dice)
    elif act == "renew":
        await _renew(house, user, room)
    else:
        await _publish(house, user, room)
        await _command(house, user, room, "resolve")
        await _answer(house, user, room, act)


async def _command(house: House, user: str, room: Channel, words: str) -> None:
    house.book.note("", "person", f"{user} /incident-response {words}")
    await house.people.command(user, room.id, words)


async def _publish(house: House, user: str, room: Channel) -> None:
    """Something that customers read, so that there is a last word to speak of."""
    await _command(house, user, room, "status draft We look into failing payments.")
    await asyncio.sleep(_LOOKS * _LOOK_S)
    if posts := [post.ts for post in room.posts if _shows(post.blocks, "approve_statuspage")]:
        house.book.note("", "person", f"{user} presses approve_statuspage at {posts[-1]}")
        await house.people.click(user, room.id, posts[-1], "approve_statuspage")
        await asyncio.sleep(_LOOKS * _LOOK_S)


async def _renew(house: House, user: str, room: Channel) -> None:
    """Waits until the newest text is too old, learns it by pressing, and confirms it."""
    await asyncio.sleep(_UNTIL_TOO_OLD_S)
    if posts := [post.ts for post in room.posts if _shows(post.blocks, "approve_statuspage")]:
        house.book.note("", "person", f"{user} presses approve_statuspage at {posts[-1]}")
        await house.people.click(user, room.id, posts[-1], "approve_statuspage")
    for _ in range(_LOOKS):
        await asyncio.sleep(_LOOK_S)
        if offered := [post.ts for post in room.posts if _shows(post.blocks, "renew_statuspage")]:
            house.book.note("", "person", f"{user} presses renew_statuspage at {offered[-1]}")
            await house.people.click(user, room.id, offered[-1], "renew_statuspage")
            return
    raise NotPossible("nothing shows renew_statuspage")


async def _answer(house: House, user: str, room: Channel, button: str) -> None:
    """A button of the answer that only this person sees."""
    for _ in range(_LOOKS):
        await asyncio.sleep(_LOOK_S)
        seen = [one for one in house.slack.workspace.whispers if (one.user, one.channel) == (user, room.id)]
        if asked := [one.ts for one in seen if _shows(one.blocks, button)]:
            house.book.note("", "person", f"{user} presses {button} at {asked[-1]}")
            await house.people.click(user, room.id, asked[-1], button)
            return
    raise NotPossible(f"{user} was not asked about the last word")


async def _edit(house: House, user: str, room: Channel, dice: Chance) -> None:
    posts = [post.ts for post in room.posts if _shows(post.blocks, "edit_statuspage")]
    if not posts:
        raise NotPossible("nothing shows edit_statuspage")
    modals = house.slack.workspace.modals
    known = set(modals)
    house.book.note("", "person", f"{user} presses edit_statuspage at {posts[-1]}")
    await house.people.click(user, room.id, posts[-1], "edit_statuspage")
    await asyncio.sleep(_LOOK_S)
    opened = [one for one in modals.values() if one.id not in known and one.user == user and one.state == "open"]
    if not opened or "partial_outage" not in str(opened[-1].view):
        raise NotPossible("the editor did not open, or the page did not list its components")
    house.book.note("", "person", f"{user} saves {opened[-1].id} with components")
    picked = dice.choice((["cmpcheckout0"], ["cmpcheckout0", "cmpapi000000"], []))
    await house.people.submit(user, opened[-1].id, {"partial_outage": picked, "operational": []})


def _shows(blocks: list[dict[str, object]], action: str) -> bool:
    return any(one.get("action_id") == action for block in blocks for one in elements(block))
