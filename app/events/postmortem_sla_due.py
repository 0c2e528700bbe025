from __future__ import annotations

from pydantic import BaseModel

from app import clock
from app.domain.policy import Policy
from app.errors import VendorError
from app.flows import sla
from app.ports import Chat, Store, Timers, Tracker


class Body(BaseModel):
    incident_id: str
    scheduled_at: str


async def handle(body: Body, store: Store, chat: Chat, tracker: Tracker, timers: Timers, policy: Policy) -> None:
    try:
        await sla.check(store, chat, tracker, timers, policy, body.incident_id)
    except VendorError:  # its schedule fired once and is gone: without another nobody would ever hear of it
        await sla.schedule(timers, body.incident_id, clock.now() + sla.LOOK_AGAIN)
        raise
