from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.people import Human
from app.domain.ticket import Offer
from app.flows import handoff
from app.messages.message import Message, say
from app.ports import Chat, Store


async def handle(gesture: Gesture, human: Human, store: Store, chat: Chat) -> Message:
    """Pressed in the direct message: the button names its incident."""
    await handoff.accept(store, chat, Offer.read(gesture.value), human, by=gesture.key)
    return say("You command this incident now. Reminders come to you; texts for customers wait for your approval.")
