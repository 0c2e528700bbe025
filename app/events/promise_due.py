"""Customers expect an update about now."""

from __future__ import annotations

from pydantic import BaseModel

from app import ledger
from app.flows import promises
from app.ports import Chat, Store, Timers


class Body(BaseModel):
    incident_id: str
    scheduled_at: str


async def handle(body: Body, store: Store, timers: Timers, chat: Chat) -> None:
    incident = await ledger.load(store, body.incident_id)
    await promises.count_down(store, timers, chat, incident)
