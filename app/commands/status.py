from __future__ import annotations

from app.domain.incident import Incident
from app.domain.schedule import schedule_name
from app.messages import status
from app.messages.message import Message
from app.ports import Store, Timers

HELP = "where this incident stands: who commands, what customers were told, what is due"


async def handle(incident: Incident, store: Store, timers: Timers) -> Message:
    reminding = await timers.exists(schedule_name("nudge", incident.id)) and not incident.nudges_silenced
    return status.card(incident, await store.drafts(incident.id), reminding=reminding)
