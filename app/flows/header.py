"""The room's first message, brought up to date with what is so."""

from __future__ import annotations

from app import ledger
from app.flows.steps import keep_current
from app.messages.message import Message
from app.messages.room import opening
from app.ports import Chat, Store


async def refresh(store: Store, chat: Chat, incident_id: str) -> None:
    async def current() -> Message:
        return opening(await ledger.load(store, incident_id))

    incident = await ledger.load(store, incident_id)
    posted = (await store.steps(incident_id, "war_room")).get("post_header")
    if posted and incident.channel_id and incident.archived_at is None:
        await keep_current(chat, incident.channel_id, str(posted.result["ts"]), current)
