from __future__ import annotations

from app import ledger
from app.domain.gesture import Gesture
from app.domain.people import Human
from app.flows import quiet
from app.messages.message import Message
from app.ports import Chat, Store, Timers


async def handle(gesture: Gesture, human: Human, store: Store, timers: Timers, chat: Chat) -> Message:
    """Pressed in the room or in the reminder's direct message: the button names its incident."""
    incident = await ledger.load(store, gesture.value)
    return await quiet.silence(store, timers, chat, incident, human, gesture.key)
