"""What people do about which alerts are one incident, how bad it is, and whether it is over."""

from __future__ import annotations

import asyncio

from app.domain.incident import Incident
from app.sim import cast
from app.sim.simulation.chance import Chance
from app.sim.simulation.house import House
from app.sim.slack_blocks import elements
from app.sim.slack_people import NotPossible
from app.sim.slack_state import Channel

ACTS = {"severity": 1.2, "raise_tracked": 0.6, "declare": 0.5, "split": 1.0, "keep_open": 2.0, "resolve_asked": 1.5}
_BUTTONS = {"keep_open": "keep_open", "resolve_asked": "resolve_incident"}
_PATIENCE_S, _LOOK_S = 900.0, 15.0  # until its alerts have ended, perhaps


async def do(act: str, house: House, incident: Incident, room: Channel, user: str, dice: Chance) -> None:
    if act in _BUTTONS:
        await _press(house, user, room, _BUTTONS[act])
    elif act == "severity":
        await _command(house, user, room.id, f"severity {dice.choice(('P1', 'P2', 'p3 it calms down', 'dire'))}")
    elif act == "split":
        await _command(house, user, room.id, f"split {dice.choice((*(g.id for g in incident.groups), '2', '3'))}")
    elif act == "raise_tracked":
        await _command(house, user, cast.FALLBACK_CHANNEL, f"severity P1 {dice.choice(sorted(house.oncall.groups))}")
    else:
        service = dice.choice(("", f" --service {cast.SERVICE}", " --service search"))
        await _command(house, user, cast.FALLBACK_CHANNEL, f'declare "Customers call & complain"{service}')


async def _command(house: House, user: str, channel: str, words: str) -> None:
    house.book.note("", "person", f"{user} /incident-response {words}")
    await house.people.command(user, channel, words)


async def _press(house: House, user: str, room: Channel, button: str) -> None:
    for _ in range(int(_PATIENCE_S / _LOOK_S)):
        shown = [
            (post.ts, element["action_id"])
            for post in room.posts
            for block in post.blocks
            for element in elements(block)
            if element.get("action_id") == button
        ]
        if shown:
            house.book.note("", "person", f"{user} presses {button} at {shown[-1][0]}")
            await house.people.click(user, room.id, *shown[-1])
            return
        await asyncio.sleep(_LOOK_S)
    raise NotPossible(f"nothing shows {button}")
