from __future__ import annotations

from pydantic import BaseModel

from app import ledger
from app.domain.policy import Policy
from app.flows import attendance, nudges
from app.ports import Chat, Store, Timers


class Body(BaseModel):
    incident_id: str
    scheduled_at: str


async def handle(body: Body, store: Store, timers: Timers, chat: Chat, policy: Policy) -> None:
    """Slack may have told nobody that the commander left, so the room is looked at before they are reminded."""
    incident = await ledger.load(store, body.incident_id)
    if incident.open:
        await attendance.look(store, chat, timers, policy, incident, f"nudge {body.scheduled_at}")
        incident = await ledger.load(store, body.incident_id)
    await nudges.remind(store, timers, chat, policy, incident, body.scheduled_at)
