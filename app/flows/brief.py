"""What the capsule of an incident is made of."""

from __future__ import annotations

from datetime import datetime

from app import clock
from app.domain import checklist
from app.domain.draft import Draft, DraftState
from app.domain.incident import Incident
from app.domain.policy import Policy
from app.messages import brief
from app.messages.message import Message
from app.ports import Store


async def capsule(store: Store, incident: Incident, policy: Policy) -> Message:
    drafts = await store.drafts(incident.id)
    published = [draft for draft in drafts if draft.state is DraftState.PUBLISHED]
    last = max(published, key=_settled, default=None)
    entries = checklist.entries(incident, drafts)
    return brief.capsule(incident, entries, last.text if last else None, _due(incident, policy), clock.now())


def _settled(draft: Draft) -> datetime:
    return draft.settled_at or draft.created_at


def _due(incident: Incident, policy: Policy) -> datetime | None:
    """What customers were promised counts before what the policy asks for."""
    if not incident.open:
        return None
    spoken = incident.last_update_at or incident.alert.at
    return incident.promised_update_at or spoken + policy.update_every(incident.severity)
