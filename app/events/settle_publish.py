from __future__ import annotations

from pydantic import BaseModel

from app import ledger
from app.domain.draft import DraftState
from app.errors import VendorError
from app.flows import checklist, ending, nudges, publishing
from app.gate.settle import settle
from app.ports import Chat, PublicPage, Queue, Store, Timers
from app.telemetry import metrics


class Body(BaseModel):
    incident_id: str
    draft_id: str


async def handle(body: Body, store: Store, page: PublicPage, chat: Chat, queue: Queue, timers: Timers) -> None:
    """A text was sent and no answer came: look whether it is there, and say so."""
    try:
        draft = await settle(store, page, body.incident_id, body.draft_id)
    except VendorError:  # while it is not settled nothing else can be published: this may not end with our patience
        await publishing.look_later(timers, body.incident_id, body.draft_id)
        raise
    if draft is None or draft.state not in {DraftState.PUBLISHED, DraftState.FAILED}:
        return
    metrics.published(draft)
    incident = await ledger.load(store, body.incident_id)
    if draft.state is DraftState.PUBLISHED:
        await ending.after_publishing(queue, incident, draft)
    await nudges.promise(timers, incident, incident.promised_update_at)
    await publishing.refresh(store, chat, incident, draft)
    await checklist.refresh(store, chat, incident.id)
    await publishing.announce(chat, incident, draft, "Statuspage does not have it")
