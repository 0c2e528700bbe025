"""An alert fired: the incident that it opens, joins, opens again, or belongs to already."""

from __future__ import annotations

from app import clock, ledger, telemetry
from app.domain.alert import Alert
from app.domain.catalogue import Catalogue
from app.domain.incident import Incident
from app.domain.policy import Policy
from app.flows import alerts, intake
from app.flows.war_room import WarRoom
from app.ports import Chat, Store, Timers


class Body(Alert):
    """The alert itself, as intake normalised it."""


async def handle(
    body: Body, store: Store, chat: Chat, timers: Timers, war_room: WarRoom, policy: Policy, catalogue: Catalogue
) -> None:
    alert = Alert.model_validate(body.model_dump())
    incident = await intake.place(store, policy, catalogue, alert)
    if incident is None:
        return
    # Whatever the stored state says is left to do: a second delivery resumes, a late one does nothing. An alert that
    # joined leaves the room to the one that is making it already.
    with telemetry.story("alert_firing", incident.trace):
        if incident.alert.alert_group == alert.alert_group or not _held(incident):
            await war_room.assemble(incident.id)
        await alerts.tell(store, chat, timers, policy, await ledger.load(store, incident.id), alert)


def _held(incident: Incident) -> bool:
    return incident.lease is not None and incident.lease.until > clock.wall()
