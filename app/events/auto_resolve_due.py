from __future__ import annotations

from pydantic import BaseModel

from app.domain.policy import Policy
from app.flows import ending
from app.ports import Chat, Queue, Store, Timers


class Body(BaseModel):
    incident_id: str
    scheduled_at: str = ""


async def handle(body: Body, store: Store, queue: Queue, chat: Chat, timers: Timers, policy: Policy) -> None:
    await ending.resolve_by_itself(store, queue, chat, timers, policy, body.incident_id)
