from __future__ import annotations

from app.domain.alert import Alert
from app.domain.people import SYSTEM
from app.errors import Retry
from app.flows.resolution import resolve
from app.ports import Queue, Store


class Body(Alert):
    """The alert itself, as intake normalised it."""


async def handle(body: Body, store: Store, queue: Queue) -> None:
    incident = await store.incident_of_alert(body.alert_group)
    if incident is None or body.at < incident.alert.at:
        return  # never ours, or the end of an earlier episode
    if incident.lease is not None and incident.channel_id is None:
        raise Retry(f"the room of {incident.id} is still being made")
    await resolve(store, queue, incident.id, actor=SYSTEM, at=body.at)
