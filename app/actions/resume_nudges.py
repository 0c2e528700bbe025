from __future__ import annotations

from app import ledger
from app.domain.gesture import Gesture
from app.domain.people import Human
from app.domain.policy import Policy
from app.flows import quiet
from app.messages.message import Message
from app.ports import Chat, Store, Timers


async def handle(gesture: Gesture, human: Human, store: Store, timers: Timers, chat: Chat, policy: Policy) -> Message:
    incident = await ledger.load(store, gesture.value)
    return await quiet.resume(store, timers, chat, policy, incident, human, gesture.key)
