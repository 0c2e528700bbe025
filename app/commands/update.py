from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human
from app.domain.policy import Policy
from app.errors import Refused
from app.flows import timeline
from app.messages.message import Message, say
from app.ports import Chat, Store, Timers

HELP = 'tell the room how it stands: `update "…"`; the next reminder is a whole interval away again'


async def handle(
    gesture: Gesture, human: Human, incident: Incident, store: Store, timers: Timers, chat: Chat, policy: Policy
) -> Message:
    words = timeline.words(gesture.words)
    if not incident.open:
        raise Refused('This incident is over. What should still be on its record: `/incident-response note "…"`.')
    await timeline.say_update(store, chat, timers, policy, incident, human, words, gesture.key)
    return say("Your update is in the room and on the record. Customers see nothing of it.")
