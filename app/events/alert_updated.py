"""OnCall says that somebody acknowledged or silenced the alert group, or took that back: the room hears it."""

from __future__ import annotations

from app import ledger
from app.domain.alert import Alert
from app.domain.audit import AuditType, Fact
from app.domain.incident import Status
from app.domain.people import SYSTEM
from app.flows.stale import ignore
from app.flows.steps import post_once
from app.ledger import Decision
from app.messages.room import alert_changed
from app.ports import Chat, Store


class Body(Alert):
    """The alert itself, as intake normalised it."""


async def handle(body: Body, store: Store, chat: Chat) -> None:
    incident = await store.incident_of_alert(body.alert_group)
    if incident is None:
        return  # never ours
    if incident.status is Status.RESOLVED or body.at < incident.alert.at:
        await ignore(store, incident, body)
        return
    fact = Fact(
        type=AuditType.ALERT_UPDATED, actor=SYSTEM, details={"event": body.event.value, "at": body.at.isoformat()}
    )
    if not any(fact.details == event.details for event in await store.trail(incident.id)):
        await ledger.amend(store, incident.id, lambda fresh: Decision(fresh, [fact]))
    if incident.channel_id:
        effect = f"alert:{body.event}:{body.at.isoformat()}"
        await post_once(chat, incident.channel_id, alert_changed(body.event.value), effect, adopting=True)
