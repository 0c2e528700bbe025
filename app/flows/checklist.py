"""The pinned checklist, brought up to date with what is so."""

from __future__ import annotations

from app.domain.incident import Incident
from app.errors import VendorError
from app.messages import checklist
from app.ports import Chat, Store
from app.telemetry import metrics


async def refresh(store: Store, chat: Chat, incident: Incident) -> None:
    """Never fails: whatever it follows has happened, and the next refresh makes up for this one."""
    try:
        pinned = (await store.steps(incident.id, "war_room")).get("pin_checklist")
        if pinned and incident.channel_id and incident.archived_at is None:
            card = checklist.card(incident, await store.drafts(incident.id))
            await chat.update(incident.channel_id, str(pinned.result["ts"]), card)
    except VendorError as error:
        metrics.step_failed("refresh_checklist", str(error))
