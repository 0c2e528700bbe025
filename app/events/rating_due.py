from __future__ import annotations

from pydantic import BaseModel

from app import clock
from app.domain.policy import Policy
from app.errors import VendorError
from app.flows import ratings
from app.ports import Chat, Store, Timers


class Body(BaseModel):
    incident_id: str
    scheduled_at: str


async def handle(body: Body, store: Store, chat: Chat, timers: Timers, policy: Policy) -> None:
    try:
        await ratings.follow_up(store, chat, timers, policy, body.incident_id)
    except VendorError:  # its schedule fired once and is gone: whoever was not asked yet would never be
        await ratings.schedule(timers, body.incident_id, clock.now() + ratings.COME_BACK)
        raise
