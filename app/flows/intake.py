"""Which incident a firing alert belongs to: the one that has it already, one that it joins, or one of its own.

Decided on strongly consistent look-ups, which the transactions that open and join take or check: of two processors
that see two alerts of a new storm at once, one opens the incident, and the other finds it (P-once).
"""

from __future__ import annotations

from app import clock, ledger, telemetry
from app.domain import correlation
from app.domain.alert import Alert, AlertEvent, State
from app.domain.alert_group import AlertGroup
from app.domain.audit import AuditType, Fact
from app.domain.catalogue import Catalogue
from app.domain.change import Change, StepRecord
from app.domain.ids import incident_id
from app.domain.incident import Incident, Status
from app.domain.people import SYSTEM, Human
from app.domain.policy import Policy
from app.domain.severity import Severity
from app.errors import Busy, Conflict
from app.flows import reopening, severity
from app.flows.stale import ignore
from app.ledger import Decision
from app.ports import Store

KEPT = "alerts"  # the journal that holds each alert of an incident whole
_RACES = 10  # decisions taken anew because another processor was faster


async def place(store: Store, policy: Policy, catalogue: Catalogue, alert: Alert) -> Incident | None:
    """The incident that it belongs to from now on; None: it came too late to change anything. Twice is once."""
    for _ in range(_RACES):
        try:
            return await _place(store, policy, catalogue, alert)
        except Conflict:
            continue
    raise Busy(f"alert group {alert.alert_group} is being placed by another processor", after=1.0)


async def _place(store: Store, policy: Policy, catalogue: Catalogue, alert: Alert) -> Incident | None:
    known = await store.incident_of_alert(alert.alert_group)
    if known is not None and known.status is not Status.RESOLVED:
        return await _again(store, policy, known, alert)
    if known is not None and not _news(known, alert):
        await ignore(store, known, alert)
        return None
    if known is not None and await reopening.possible(store, policy, known):
        return await reopening.reopen(store, policy, known.id, alert)
    together = correlation.key(policy, alert, catalogue.of(alert.service, alert.labels).team or alert.team)
    host = await store.incident_together(together) if together else None
    if host is not None and correlation.joins(policy, alert, host):
        return await _join(store, policy, host, alert, known)
    incident = _opened(alert, policy, known)
    before = tuple({one.id for one in (known, host) if one})
    return await _create(store, incident, SYSTEM, together, before, before=known)


def _news(incident: Incident, alert: Alert) -> bool:
    """Whether it fires again after it ended, or goes on firing after people said that it was over. OnCall takes a
    resolution back with the resolution's own time, which is not older."""
    group = incident.group(alert.alert_group)
    if group is not None and group.over:
        return group.older_than(alert)
    if incident.resolved_at is None:
        return False
    return alert.at > incident.resolved_at or (
        alert.at == incident.resolved_at and alert.event is not AlertEvent.FIRING
    )


async def _again(store: Store, policy: Policy, incident: Incident, alert: Alert) -> Incident:
    """Of an incident that goes on: it got worse, or fires again. Whatever was proposed because it had ended is off."""
    now = policy.severity_of(alert.labels)

    def decide(incident: Incident) -> Decision | None:
        group = incident.group(alert.alert_group)
        if group is None or incident.status is Status.RESOLVED:
            raise Conflict(f"alert group {alert.alert_group} is not in incident {incident.id} any more")
        fires = group.older_than(alert) and group.state is not State.FIRING
        worse = now < group.severity
        if not fires and not worse:
            return None
        heard = incident.hearing(alert, now)
        after = severity.raised(heard, alert, now, policy) if worse else Decision(heard, [])
        details = {"alert_group": alert.alert_group, "event": alert.event.value, "at": alert.at.isoformat()}
        facts = [Fact(type=AuditType.ALERT_UPDATED, actor=SYSTEM, details={**details, "severity": now.value})]
        facts += _taken_back(incident, alert, "fires again") if fires else []
        resolve_at = None if fires else incident.resolve_at
        return Decision(after.incident.but(resolve_at=resolve_at), [*facts, *after.facts])

    return await ledger.amend(store, incident.id, decide)


async def _join(store: Store, policy: Policy, host: Incident, alert: Alert, before: Incident | None) -> Incident:
    now = policy.severity_of(alert.labels)

    def decide(incident: Incident) -> Decision | None:
        if incident.group(alert.alert_group):
            return None
        if not correlation.joins(policy, alert, incident):
            raise Conflict(f"incident {incident.id} takes no alert any more")
        number = incident.alert_count + 1
        group = AlertGroup.of(alert, now, number=number, episode=_episode(before, alert))
        grown = incident.but(alerts=(*incident.groups, group), alert_count=number, resolve_at=None)
        after = severity.raised(grown, alert, now, policy)
        details = {
            "alert_group": alert.alert_group, "number": number, "title": group.title, "severity": now.value,
            "fired_at": alert.at.isoformat(),
        }  # fmt: skip
        facts = [
            Fact(type=AuditType.ALERT_JOINED, actor=SYSTEM, details=details),
            *_taken_back(incident, alert, "joined"),
        ]
        facts += after.facts
        lookups = [("ALERT", alert.alert_group)]
        replaces = (before.id,) if before else ()
        return Decision(after.incident, facts, steps=[_kept(number, alert)], lookups=lookups, replaces=replaces)

    return await ledger.amend(store, host.id, decide)


def _taken_back(incident: Incident, alert: Alert, why: str) -> list[Fact]:
    """That it resolves by itself, if that was proposed."""
    if incident.resolve_at is None:
        return []
    details = {"why": f"alert {alert.alert_group} {why}"}
    return [Fact(type=AuditType.RESOLUTION_WITHDRAWN, actor=SYSTEM, details=details)]


async def declare(store: Store, policy: Policy, catalogue: Catalogue, alert: Alert, human: Human) -> Incident:
    """An incident that a person saw before any alert did: always with a room. Alerts that fire near it join it, unless
    there is one already that they join."""
    if known := await store.incident_of_alert(alert.alert_group):
        return known
    together = correlation.key(policy, alert, catalogue.of(alert.service, alert.labels).team)
    host = await store.incident_together(together) if together else None
    if host is not None and correlation.joins(policy, alert, host):
        together = None
    incident = _opened(alert, policy, None).model_copy(
        update={"status": Status.ALERT_RECEIVED, "declared_by": human.slack_id}
    )
    with telemetry.apart("declare"):  # it may be said in the room of another
        return await _create(store, incident, human.actor, together, (host.id,) if host else ())


async def take_out(store: Store, host: Incident, group: AlertGroup, human: Human) -> Incident:
    """An incident of its own for one of another's alerts: the person who asks wants a room for it."""
    kept = (await store.steps(host.id, KEPT))[str(group.number)]
    alert = Alert.model_validate(kept.result["alert"])
    first = group.model_copy(update={"number": 1, "episode": group.episode + 1})
    incident = _of(alert, group.severity, Status.ALERT_RECEIVED, first)
    if known := await store.incident(incident.id):
        return known
    with telemetry.apart("split"):
        return await _create(store, incident, human.actor, None, (host.id,), before=host)


# ---------------------------------------------------------------- a new one


def _opened(alert: Alert, policy: Policy, before: Incident | None) -> Incident:
    level = policy.severity_of(alert.labels)
    status = Status.ALERT_RECEIVED if policy.opens_room(level) else Status.TRACKED
    return _of(alert, level, status, AlertGroup.of(alert, level, episode=_episode(before, alert)))


def _of(alert: Alert, level: Severity, status: Status, group: AlertGroup) -> Incident:
    return Incident(
        id=incident_id(alert.alert_group, group.episode, alert.at),
        status=status,
        severity=level,
        title=alert.title,
        service=alert.service,
        team=alert.team,
        alert=alert,
        alerts=(group,),
        episode=group.episode,
        drill=alert.drill,
        created_at=clock.now(),
    )


async def _create(
    store: Store,
    incident: Incident,
    actor: str,
    together: str | None,
    replaces: tuple[str, ...],
    *,
    before: Incident | None = None,
) -> Incident:
    alert = incident.alert
    details = {
        "alert_group": alert.alert_group, "title": alert.title, "severity": incident.severity.value,
        "source": alert.source, "fired_at": alert.at.isoformat(), "episode": incident.episode,
        "event": incident.groups[0].event.value, "before": before.id if before else None,
        "status": incident.status.value,
    }  # fmt: skip
    change = Change(
        incident=incident.but(trace=telemetry.carrier()),
        facts=[Fact(type=AuditType.ALERT_RECEIVED, actor=actor, details=details)],
        at=clock.now(),
        create=True,
        steps=[_kept(1, alert)],
        lookups=[("ALERT", alert.alert_group), *([("TOGETHER", together)] if together else [])],
        replaces=replaces,
    )
    return await store.commit(change)


def _episode(before: Incident | None, alert: Alert) -> int:
    group = before.group(alert.alert_group) if before else None
    return group.episode + 1 if group else 1


def _kept(number: int, alert: Alert) -> StepRecord:
    return StepRecord(KEPT, str(number), {"alert": alert.model_dump(mode="json")}, clock.now())
