"""OnCall says that somebody acknowledged or silenced the alert group, or took that back: the room hears it."""

from __future__ import annotations

from app import ledger, telemetry
from app.domain.alert import Alert
from app.domain.incident import Status
from app.flows import alerts
from app.flows.stale import ignore
from app.ports import Chat, Store


class Body(Alert):
    """The alert itself, as intake normalised it."""


async def handle(body: Body, store: Store, chat: Chat) -> None:
    incident = await store.incident_of_alert(body.alert_group)
    if incident is None:
        return  # never ours
    group = incident.group(body.alert_group)
    if incident.status is Status.RESOLVED or group is None or group.newer_than(body):
        await ignore(store, incident, body)
        return
    with telemetry.story("alert_updated", incident.trace):
        incident = await ledger.amend(store, incident.id, lambda fresh: alerts.heard(fresh, body))
        await alerts.changed(store, chat, incident, body)
