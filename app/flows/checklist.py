"""The pinned checklist, brought up to date with what is so, and looked at again when something on it falls due."""

from __future__ import annotations

from app import clock, ledger
from app.domain.checklist import next_due
from app.errors import VendorError
from app.flows.steps import keep_current
from app.flows.timers import wake
from app.messages import checklist
from app.messages.message import Message
from app.ports import Chat, Store, Timers
from app.telemetry import metrics


async def refresh(store: Store, chat: Chat, incident_id: str) -> None:
    """Never fails: whatever it follows has happened, and the next refresh makes up for this one."""

    async def card() -> Message:
        incident = await ledger.load(store, incident_id)
        return checklist.card(incident, await store.drafts(incident_id), clock.now())

    try:
        incident = await ledger.load(store, incident_id)
        pinned = (await store.steps(incident_id, "war_room")).get("pin_checklist")
        if pinned and incident.channel_id and incident.archived_at is None:
            await keep_current(chat, incident.channel_id, str(pinned.result["ts"]), card)
    except VendorError as error:
        metrics.step_failed("refresh_checklist", str(error))


async def watch(store: Store, timers: Timers, incident_id: str) -> None:
    """Look again when the next item falls due. After the incident that is left to whatever else looks at the room."""
    incident = await ledger.load(store, incident_id)
    if incident.open and (due := next_due(incident, await store.drafts(incident_id), clock.now())):
        await wake(timers, "checklist", "checklist_due", incident_id, due)
