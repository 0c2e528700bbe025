"""An alert fired: the incident that it opens, or the one that it belongs to already."""

from __future__ import annotations

from datetime import datetime

from app import clock, ledger
from app.domain.alert import Alert, AlertEvent
from app.domain.audit import AuditType, Fact
from app.domain.incident import Incident, Status, incident_id
from app.domain.people import SYSTEM
from app.domain.policy import Policy
from app.domain.severity import Severity, of_labels
from app.errors import Conflict, Retry
from app.flows.stale import ignore
from app.flows.war_room import WarRoom
from app.ledger import Decision
from app.ports import Change, Store


class Body(Alert):
    """The alert itself, as intake normalised it."""


async def handle(body: Body, store: Store, war_room: WarRoom, policy: Policy) -> None:
    known = await store.incident_of_alert(body.alert_group)
    if known is None:
        known = await _open(store, body, policy, before=None)
    elif known.resolved_at is not None:
        if _before(body, known.resolved_at):
            await ignore(store, known, body)
            return
        known = await _open(store, body, policy, before=known)  # it fired again: a new episode (L3)
    elif policy.opens_room(severity := of_labels(body.labels, policy.default_severity)):
        await _worse(store, known, body, severity)
    # Whatever the stored state says is left to do: a second delivery resumes, a late one does nothing.
    await war_room.assemble(known.id)


def _before(alert: Body, resolved_at: datetime) -> bool:
    """Older than the resolution. OnCall takes a resolution back with the resolution's own time, which is not older."""
    return alert.at < resolved_at or (alert.at == resolved_at and alert.event is AlertEvent.FIRING)


async def _open(store: Store, alert: Body, policy: Policy, *, before: Incident | None) -> Incident:
    episode = before.episode + 1 if before else 1
    severity = of_labels(alert.labels, policy.default_severity)
    incident = Incident(
        id=incident_id(alert.alert_group, episode),
        status=Status.ALERT_RECEIVED if policy.opens_room(severity) else Status.TRACKED,
        severity=severity,
        title=alert.title,
        service=alert.service,
        team=alert.team,
        alert=Alert.model_validate(alert.model_dump()),
        episode=episode,
        drill=alert.drill,
        created_at=clock.now(),
    )
    details = {
        "alert_group": alert.alert_group, "title": alert.title, "severity": severity.value, "source": alert.source,
        "fired_at": alert.at.isoformat(), "episode": episode, "before": before.id if before else None,
        "status": incident.status.value,
    }  # fmt: skip
    change = Change(
        incident=incident,
        facts=[Fact(type=AuditType.ALERT_RECEIVED, actor=SYSTEM, details=details)],
        at=clock.now(),
        create=True,
        lookups=[("ALERT", alert.alert_group)],
        replaces=before.id if before else None,
    )
    try:
        return await store.commit(change)
    except Conflict as error:
        raise Retry(f"alert group {alert.alert_group} is being opened by another processor", after=1.0) from error


async def _worse(store: Store, incident: Incident, alert: Body, severity: Severity) -> None:
    """It was not worth a room, and is now."""
    details = {"event": alert.event.value, "at": alert.at.isoformat(), "severity": severity.value}
    fact = Fact(type=AuditType.ALERT_UPDATED, actor=SYSTEM, details=details)
    now = Alert.model_validate(alert.model_dump())

    def decide(incident: Incident) -> Decision | None:
        if incident.status is not Status.TRACKED:
            return None
        return Decision(incident.to(Status.ALERT_RECEIVED, severity=severity, alert=now, title=alert.title), [fact])

    await ledger.amend(store, incident.id, decide)
