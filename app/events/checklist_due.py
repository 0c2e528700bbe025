from __future__ import annotations

from pydantic import BaseModel

from app.flows import checklist
from app.ports import Chat, Store, Timers


class Body(BaseModel):
    incident_id: str
    scheduled_at: str


async def handle(body: Body, store: Store, timers: Timers, chat: Chat) -> None:
    await checklist.watch(store, timers, body.incident_id)
    await checklist.refresh(store, chat, body.incident_id)
