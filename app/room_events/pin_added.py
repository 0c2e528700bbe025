from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.people import Human
from app.flows import timeline
from app.ports import Chat, Store


async def handle(gesture: Gesture, human: Human, incident: Incident, store: Store, chat: Chat) -> None:
    if gesture.value:  # a file can be pinned too
        await timeline.keep(store, chat, incident, human, gesture.value, how="pin")
