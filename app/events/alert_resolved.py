"""OnCall says that the alert group has ended. When it was the incident's last, the commander is asked; an incident
that nobody sees, for want of a room, is over with it."""

from __future__ import annotations

from app import clock, ledger, telemetry
from app.domain.alert import Alert
from app.domain.incident import Incident, Status
from app.domain.people import SYSTEM
from app.domain.policy import Policy
from app.errors import Busy
from app.flows import alerts, ending
from app.flows.resolution import resolve
from app.flows.stale import ignore
from app.ports import Chat, Queue, Store, Timers


class Body(Alert):
    """The alert itself, as intake normalised it."""


async def handle(body: Body, store: Store, chat: Chat, timers: Timers, queue: Queue, policy: Policy) -> None:
    incident = await store.incident_of_alert(body.alert_group)
    if incident is None:
        return  # never ours
    group = incident.group(body.alert_group)
    if group is None or group.newer_than(body):
        await ignore(store, incident, body)  # the end of an earlier firing
        return
    with telemetry.story("alert_resolved", incident.trace):
        await _ended(body, incident.id, store, chat, timers, queue, policy)


async def _ended(
    body: Body, incident_id: str, store: Store, chat: Chat, timers: Timers, queue: Queue, policy: Policy
) -> None:
    incident = await ledger.amend(store, incident_id, lambda fresh: alerts.heard(fresh, body))
    if incident.status is Status.RESOLVED:
        return
    if incident.channel_id:
        if incident.alerts_over:
            await ending.propose(store, chat, timers, policy, incident.id)
        await alerts.count(store, chat, incident)
        return
    await resolve(store, queue, incident.id, actor=SYSTEM, at=body.at, only_if=_nobody_sees_it)


def _nobody_sees_it(incident: Incident) -> bool:
    """Asked in the transaction that resolves it: a room that is begun just before would stand for ever."""
    held = incident.lease is not None and incident.lease.until > clock.wall()
    if incident.alerts_over and (incident.channel_id or held):
        raise Busy(f"the room of {incident.id} is being made", after=2.0)  # then whoever is in it is asked
    return incident.alerts_over
