"""What people do with each other: name, invite, hand over, answer a call for help, leave the room and come back."""

from __future__ import annotations

import asyncio

from app.domain.incident import Incident
from app.sim import cast
from app.sim.simulation.chance import Chance
from app.sim.simulation.house import House
from app.sim.slack_blocks import elements
from app.sim.slack_people import NotPossible
from app.sim.slack_state import Channel

ACTS = {
    "role": 1.0, "handoff": 2.0, "late_answer": 0.8, "invite": 0.8, "brief": 0.5,
    "leave": 1.2, "come_back": 0.8, "answer_call": 0.8,
}  # fmt: skip
_EVERYBODY = tuple(person.slack_id for person in cast.PEOPLE if person.active)
_NOBODY = ("<@U0FORMER>", "<@U0NOBODY>", "nobody@example.com", "@nowhere", "<!channel>")


async def do(act: str, house: House, incident: Incident, room: Channel, user: str, dice: Chance) -> None:
    if act in {"role", "handoff", "invite", "brief"}:
        words = f"{act} {_words(act, dice)}".strip()
        house.book.note("", "person", f"{user} /incident-response {words}")
        await house.people.command(user, room.id, words)
        if act == "handoff" and dice.random() < 0.8:
            await asyncio.sleep(dice.uniform(5, 120))
            await _answer(house, incident, user, dice)
    elif act == "leave":
        house.book.note("", "person", f"{user} leaves {room.name}")
        house.people.leave(user, room.id)
    elif act == "come_back":
        _come_back(house, incident, room, dice)
    elif act == "answer_call":
        await _press(house, user, "take_command")
    else:
        await _answer(house, incident, user, dice)


async def _answer(house: House, incident: Incident, user: str, dice: Chance) -> None:
    """Whoever command was offered to last says yes, or no; or this person presses what they once were shown."""
    offer = house.store.incidents[incident.id].handoff
    yes = dice.random() < 0.7
    await _press(house, offer.to if offer else user, "accept_handoff" if yes else "decline_handoff")


def _words(act: str, dice: Chance) -> str:
    somebody = f"<@{dice.choice(_EVERYBODY)}>"
    match act:
        case "role":
            return dice.choice(("", f"deputy {somebody}", f"deputy {somebody}", f"scribe {somebody}", "comms me"))
        case "handoff":
            return dice.choice((somebody, somebody, somebody, dice.choice(_NOBODY)))
        case "invite":
            return dice.choice(
                (somebody, f"@{cast.TEAM}", "bystander@example.com", f"{somebody} {dice.choice(_NOBODY)}")
            )
    return ""


def _come_back(house: House, incident: Incident, room: Channel, dice: Chance) -> None:
    """Whoever left is let in again by somebody who is there."""
    gone = sorted({one.slack_id for one in incident.responders} - room.members)
    there = sorted(room.members - {cast.BOT_USER_ID})
    if not gone or not there:
        raise NotPossible("nobody is gone, or nobody is there to let them in")
    guest = dice.choice(gone)
    house.book.note("", "person", f"{there[0]} lets {guest} in")
    house.people.add(there[0], room.id, guest)


async def _press(house: House, user: str, button: str) -> None:
    """The newest button of that name in the app's conversation with this person, whatever has become of it since."""
    direct = house.slack.workspace.direct(user)
    for post in reversed(direct.posts):
        for block in post.blocks:
            if any(element.get("action_id") == button for element in elements(block)):
                house.book.note("", "person", f"{user} presses {button} in their direct messages")
                await house.people.click(user, direct.id, post.ts, button)
                return
    raise NotPossible(f"nothing shows {user} {button}")
