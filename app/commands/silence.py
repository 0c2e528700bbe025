from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human
from app.flows import quiet
from app.messages.message import Message
from app.ports import Chat, Store, Timers

HELP = "no more reminders for this incident, until somebody resumes them"


async def handle(
    gesture: Gesture, human: Human, incident: Incident, store: Store, timers: Timers, chat: Chat
) -> Message:
    return await quiet.silence(store, timers, chat, incident, human, gesture.key)
