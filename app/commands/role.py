from __future__ import annotations

from app.domain import named
from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human, Role
from app.errors import Refused
from app.flows import roles
from app.messages import room
from app.messages.message import Message, say
from app.ports import Chat, Store

HELP = "`role deputy|comms|scribe @somebody` (or `me`); `role` alone shows who has which"


async def handle(gesture: Gesture, human: Human, incident: Incident, store: Store, chat: Chat) -> Message:
    word, _, who = gesture.text.partition(" ")
    commander = f"*Commander* <@{incident.ic}>" if incident.ic else "*Commander* nobody"
    if not word:
        return say(" · ".join(part for part in (commander, room.roles(incident)) if part))
    slack_id = named.person(who, human.slack_id)
    if word.lower() not in set(Role) or slack_id is None:
        raise Refused("Say which role and who: `/incident-response role deputy @somebody`, or `comms`, or `scribe`.")
    role = Role(word.lower())
    await roles.assign(store, chat, incident, role, slack_id, human, by=gesture.key)
    return say(f"<@{slack_id}> is {role} of this incident.")
