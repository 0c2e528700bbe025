from __future__ import annotations

from app import clock
from app.domain.alert import Alert
from app.domain.people import SYSTEM
from app.errors import Retry
from app.flows.resolution import resolve
from app.flows.stale import ignore
from app.ports import Queue, Store


class Body(Alert):
    """The alert itself, as intake normalised it."""


async def handle(body: Body, store: Store, queue: Queue) -> None:
    incident = await store.incident_of_alert(body.alert_group)
    if incident is None:
        return  # never ours
    if body.at < incident.alert.at:
        await ignore(store, incident, body)  # the end of an earlier episode
        return
    if incident.lease and incident.lease.until > clock.wall() and incident.channel_id is None:
        raise Retry(f"the room of {incident.id} is still being made")
    await resolve(store, queue, incident.id, actor=SYSTEM, at=body.at)
