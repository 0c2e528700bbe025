from __future__ import annotations

from app import ledger
from app.domain.gesture import Gesture
from app.domain.people import Human
from app.domain.policy import Policy
from app.domain.ticket import Snooze
from app.flows import quiet
from app.messages.message import Message
from app.ports import Store, Timers


async def handle(gesture: Gesture, human: Human, store: Store, timers: Timers, policy: Policy) -> Message:
    """Pressed in the reminder's direct message: the button names its incident."""
    asked = Snooze.read(gesture.value)
    incident = await ledger.load(store, asked.incident)
    return await quiet.snooze(store, timers, policy, incident, human, asked.minutes, gesture.key)
