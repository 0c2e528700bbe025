from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human
from app.flows import timeline
from app.ports import Chat, Store

KEEP = "pushpin"


async def handle(gesture: Gesture, human: Human, incident: Incident, store: Store, chat: Chat) -> None:
    if gesture.value == KEEP and gesture.message_ts:
        await timeline.keep(store, chat, incident, human, gesture.message_ts, how="reaction")
