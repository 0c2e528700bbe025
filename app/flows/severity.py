"""How bad it is, changed while it goes on: by a person, or by an alert that is worse."""

from __future__ import annotations

from app import ledger
from app.domain.alert import Alert
from app.domain.audit import AuditType, Fact
from app.domain.incident import Incident, Status
from app.domain.people import SYSTEM, Human
from app.domain.policy import Policy
from app.domain.severity import Severity
from app.errors import Refused
from app.flows import header, nudges
from app.flows.steps import post_once
from app.ledger import Decision
from app.messages import alerts as messages
from app.messages.room import topic
from app.ports import Chat, Store, Timers


def raised(incident: Incident, alert: Alert, severity: Severity, policy: Policy) -> Decision:
    """With an alert of that severity in it. One that was worth no room may be worth one now: it is about that alert
    then. Never lowers: what people decided downwards, the same alert once more does not undo. Pure."""
    if severity >= incident.severity:
        return Decision(incident, [])
    worse = _with(incident, severity, policy.opens_room(severity), by=alert.key)
    if incident.status is Status.TRACKED and worse.status is not Status.TRACKED:
        worse = worse.but(alert=alert, title=alert.title)
    return Decision(worse, [_fact(incident, worse, SYSTEM, f"alert {alert.alert_group}")])


async def change(store: Store, incident_id: str, to: Severity, why: str, human: Human, policy: Policy, by: str) -> bool:
    """Whether this gesture (``by``) changed it, now or in an earlier delivery. Downwards no room is closed."""

    def decide(incident: Incident) -> Decision | None:
        if incident.severity is to:
            return None
        if incident.status is Status.RESOLVED:
            raise Refused("This incident is resolved: its severity stays as it was.")
        changed = _with(incident, to, policy.opens_room(to), by=by)
        return Decision(changed, [_fact(incident, changed, human.actor, why)])

    return (await ledger.amend(store, incident_id, decide)).severity_by == by


async def follow(store: Store, chat: Chat, timers: Timers, policy: Policy, incident: Incident, actor: str) -> None:
    """What shows the severity shows the new one, and reminders come at its interval. Twice is once."""
    if incident.channel_id is None or incident.archived_at or incident.status is Status.RESOLVED:
        return
    await chat.mark_room(incident.channel_id, marker=incident.id, topic=topic(incident))
    await header.refresh(store, chat, incident.id)
    await nudges.postpone(timers, incident, policy)
    message = messages.severity_changed(incident, actor)
    await post_once(chat, incident.channel_id, message, f"severity:{incident.severity_by}", adopting=True)


def _with(incident: Incident, severity: Severity, opens_room: bool, *, by: str) -> Incident:
    if incident.status is Status.TRACKED and opens_room:
        return incident.to(Status.ALERT_RECEIVED, severity=severity, severity_by=by)
    return incident.but(severity=severity, severity_by=by)


def _fact(before: Incident, after: Incident, actor: str, why: str) -> Fact:
    details = {
        "before": before.severity.value,
        "after": after.severity.value,
        "why": why,
        "status": after.status.value,
    }
    return Fact(type=AuditType.SEVERITY_CHANGED, actor=actor, details=details)
