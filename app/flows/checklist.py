"""The pinned checklist, brought up to date with what is so."""

from __future__ import annotations

from app import ledger
from app.errors import VendorError
from app.flows.steps import keep_current
from app.messages import checklist
from app.messages.message import Message
from app.ports import Chat, Store
from app.telemetry import metrics


async def refresh(store: Store, chat: Chat, incident_id: str) -> None:
    """Never fails: whatever it follows has happened, and the next refresh makes up for this one."""

    async def card() -> Message:
        return checklist.card(await ledger.load(store, incident_id), await store.drafts(incident_id))

    try:
        incident = await ledger.load(store, incident_id)
        pinned = (await store.steps(incident_id, "war_room")).get("pin_checklist")
        if pinned and incident.channel_id and incident.archived_at is None:
            await keep_current(chat, incident.channel_id, str(pinned.result["ts"]), card)
    except VendorError as error:
        metrics.step_failed("refresh_checklist", str(error))
