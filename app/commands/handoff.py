from __future__ import annotations

from app.domain import named
from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human
from app.domain.policy import Policy
from app.errors import Refused
from app.flows import handoff
from app.messages.message import Message, say
from app.ports import Chat, Store

HELP = "`handoff @somebody`: offer them command; you have it until they accept"


async def handle(
    gesture: Gesture, human: Human, incident: Incident, store: Store, chat: Chat, policy: Policy
) -> Message:
    to = named.person(gesture.text, human.slack_id)
    if to is None:
        raise Refused("To whom? Mention one person: `/incident-response handoff @somebody`.")
    await handoff.offer(store, chat, policy, incident, human, to, by=gesture.key)
    return say(f"<@{to}> is asked. You command this incident until they accept.")
