from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human
from app.flows import timeline
from app.messages.message import Message, say
from app.ports import Chat, Store

HELP = 'for the timeline, or to correct it: `note "…"`; pin a message, or give it a :pushpin:, to keep that one'


async def handle(gesture: Gesture, human: Human, incident: Incident, store: Store, chat: Chat) -> Message:
    await timeline.say_note(store, chat, incident, human, timeline.words(gesture.words), gesture.key)
    return say("Noted. It is in the room and on the record.")
