from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human
from app.domain.policy import Policy
from app.flows import quiet
from app.messages.message import Message
from app.ports import Chat, Store, Timers

HELP = "reminders for this incident again, after `silence` or a snooze"


async def handle(
    gesture: Gesture, human: Human, incident: Incident, store: Store, timers: Timers, chat: Chat, policy: Policy
) -> Message:
    return await quiet.resume(store, timers, chat, policy, incident, human, gesture.key)
