from __future__ import annotations

from app import ledger
from app.domain.gesture import Gesture
from app.domain.people import Human
from app.domain.ticket import Ticket
from app.flows import command, publishing
from app.gate import drafts
from app.messages.message import Message, say
from app.ports import Chat, Store


async def handle(gesture: Gesture, human: Human, store: Store, chat: Chat) -> Message:
    seen = Ticket.read(gesture.value)
    incident = await ledger.load(store, seen.incident)
    await command.demand(store, incident, human, "reject a text for customers")
    draft = await drafts.reject(store, incident.id, seen.draft, actor=human.actor)
    await publishing.refresh(store, chat, incident, draft)
    return say("Rejected. Nothing was published.")
