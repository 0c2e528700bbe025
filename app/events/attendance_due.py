from __future__ import annotations

from pydantic import BaseModel

from app.domain.policy import Policy
from app.flows import attendance
from app.ports import Chat, Store, Timers


class Body(BaseModel):
    incident_id: str
    scheduled_at: str


async def handle(body: Body, store: Store, chat: Chat, timers: Timers, policy: Policy) -> None:
    await attendance.check(store, chat, timers, policy, body.incident_id, body.scheduled_at)
