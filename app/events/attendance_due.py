from __future__ import annotations

from pydantic import BaseModel

from app import ledger
from app.domain.policy import Policy
from app.errors import VendorError
from app.flows import attendance
from app.ports import Chat, Store, Timers


class Body(BaseModel):
    incident_id: str
    scheduled_at: str


async def handle(body: Body, store: Store, chat: Chat, timers: Timers, policy: Policy) -> None:
    """Slack may have told nobody that the commander left, so the room is looked at first."""
    incident = await ledger.load(store, body.incident_id)
    try:
        if incident.open:
            await attendance.look(store, chat, timers, policy, incident, body.scheduled_at)
        await attendance.check(store, chat, timers, policy, body.incident_id, body.scheduled_at)
    except VendorError:  # its schedule fired once and is gone: without another nobody would ever be missed
        if incident.open:
            await attendance.come_back(timers, incident, policy)
        raise
