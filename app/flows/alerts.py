"""What the room hears of its alerts. A few are named, one by one; a storm is counted in the header."""

from __future__ import annotations

from app.domain.alert import Alert
from app.domain.alert_group import AlertGroup
from app.domain.audit import AuditType, Fact
from app.domain.incident import Incident
from app.domain.people import SYSTEM
from app.domain.policy import Policy
from app.errors import Busy
from app.flows import header, mitigation, reopening, severity
from app.flows.steps import post_once
from app.ledger import Decision
from app.messages import alerts as messages
from app.ports import Chat, Store, Timers

NAMED = 4  # of an incident's alerts, the first one among them; the next one is told as a storm, the others not at all


async def tell(store: Store, chat: Chat, timers: Timers, policy: Policy, incident: Incident, alert: Alert) -> None:
    """Whatever this event of an alert has changed, the room shows. Twice is once."""
    group = incident.group(alert.alert_group)
    if group is None or incident.channel_id is None or not incident.open or incident.assembling:
        return
    if incident.reopened_by == alert.key:
        await reopening.follow(store, chat, timers, policy, incident)
    elif incident.severity_by == alert.key:
        await severity.follow(store, chat, timers, policy, incident, SYSTEM)
    if (group.at, group.event) != (alert.at, alert.event):
        return  # nothing new of it, or something newer
    if group.fired_at == alert.at:
        await _joined(store, chat, incident, group)
    elif group.fired_at != alert.at and incident.reopened_by != alert.key:
        message = messages.fires_again(group, incident.ic)
        await post_once(chat, incident.channel_id, message, f"alert:{alert.key}", adopting=True)
        await header.refresh(store, chat, incident.id)
        why = "its alert fires again"
        await mitigation.take_back(store, chat, incident.id, why, actor=SYSTEM, by=alert.key)


async def changed(store: Store, chat: Chat, incident: Incident, alert: Alert) -> None:
    """Somebody acknowledged or silenced it, or took that back."""
    group, channel = incident.group(alert.alert_group), incident.channel_id
    if group is None or channel is None or (group.at, group.event) != (alert.at, alert.event):
        return
    if group.number <= NAMED:
        await post_once(chat, channel, messages.changed(group), f"alert:{alert.key}", adopting=True)
    await count(store, chat, incident)


async def count(store: Store, chat: Chat, incident: Incident) -> None:
    """The header says how many go on, and how many of those somebody has in hand."""
    if len(incident.groups) > 1:
        await header.refresh(store, chat, incident.id)


async def _joined(store: Store, chat: Chat, incident: Incident, group: AlertGroup) -> None:
    """What joined while the room was being made stands in the header, as soon as it is made."""
    if len(incident.groups) == 1 or incident.channel_id is None:
        return
    if 1 < group.number <= NAMED + 1:
        message = messages.joined(group) if group.number <= NAMED else messages.storm()
        await post_once(chat, incident.channel_id, message, f"joined:{incident.id}:{group.number}", adopting=True)
    await header.refresh(store, chat, incident.id)


def heard(incident: Incident, alert: Alert) -> Decision | None:
    """The alert group's state follows OnCall's; once for each event. Raises ``Busy`` while it moves elsewhere."""
    group = incident.group(alert.alert_group)
    if group is None:
        raise Busy(f"alert group {alert.alert_group} is being taken out of {incident.id}", after=1.0)
    if not group.older_than(alert):
        return None
    details = {"alert_group": alert.alert_group, "event": alert.event.value, "at": alert.at.isoformat()}
    return Decision(incident.hearing(alert), [Fact(type=AuditType.ALERT_UPDATED, actor=SYSTEM, details=details)])
