from __future__ import annotations

from app.domain.gesture import Gesture
from app.domain.incident import Incident
from app.domain.policy import Policy
from app.flows import attendance
from app.ports import Chat, Store, Timers


async def handle(
    gesture: Gesture, incident: Incident, store: Store, chat: Chat, timers: Timers, policy: Policy
) -> None:
    # Of thirty who come at once, the first one's look finds the others. A look that was cut off is taken again.
    if gesture.user_id not in incident.joined or incident.ic_by == gesture.key:
        await attendance.look(store, chat, timers, policy, incident, gesture.key)
