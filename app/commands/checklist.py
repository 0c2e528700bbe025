from __future__ import annotations

from app import clock
from app.domain.incident import Incident
from app.messages import checklist
from app.messages.message import Message
from app.ports import Store

HELP = "what this incident still needs, by when, and which tasks are open"


async def handle(incident: Incident, store: Store) -> Message:
    return checklist.card(incident, await store.drafts(incident.id), clock.now())
