from __future__ import annotations

from app.domain.incident import Incident
from app.domain.people import Human
from app.flows import nudges
from app.messages.message import Message
from app.ports import Chat, Store, Timers

HELP = "no more reminders for this incident"


async def handle(human: Human, incident: Incident, store: Store, timers: Timers, chat: Chat) -> Message:
    return await nudges.silence(store, timers, chat, incident, human)
