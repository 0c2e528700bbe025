"""Each alert group is in one incident, the one that its events go to (P-once), and that is what OnCall says of it."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.alert_group import AT_MOST
from app.domain.audit import AuditType
from app.domain.incident import Incident
from app.sim.simulation.house import House


def intake(house: House) -> Iterator[str]:
    for (kind, key), owner in house.store.lookups.items():
        if kind != "ALERT":
            continue
        if house.store.incidents[owner].group(key) is None:
            yield f"alert group {key} leads to {owner}, which does not have it"
        if others := [one.id for one in house.incidents if one.id != owner and one.open and one.group(key)]:
            yield f"alert group {key} is in {owner}, and in {', '.join(others)}, which is open"
    for incident in house.incidents:
        yield from _numbered(incident)
    yield from _apart(house)


def _numbered(incident: Incident) -> Iterator[str]:
    numbers = [group.number for group in incident.groups]
    if len(set(numbers)) < len(numbers) or max(numbers) > incident.alert_count or len(numbers) > AT_MOST:
        yield f"{incident.id}: its alerts are numbered {numbers}, of {incident.alert_count}"
    if incident.group(incident.alert.alert_group) is None:
        yield f"{incident.id}: the alert that it is about is not in it"
    if incident.drill != incident.alert.drill:
        yield f"{incident.id}: a drill and the real thing are one incident"


def _apart(house: House) -> Iterator[str]:
    """Nobody resolves by themselves what goes on: the trail has the end of each alert before it."""
    for incident in house.incidents:
        firing: set[str] = set()
        for event in house.store.audit[incident.id]:
            group = event.details.get("alert_group")
            if event.type in {AuditType.ALERT_RECEIVED, AuditType.ALERT_JOINED, AuditType.INCIDENT_REOPENED}:
                firing.add(str(group))
            elif event.type is AuditType.ALERT_UPDATED:
                (firing.discard if event.details["event"] == "resolved" else firing.add)(str(group))
            elif event.type is AuditType.ALERT_SPLIT_OFF:
                firing.discard(str(group))
            elif event.type is AuditType.INCIDENT_RESOLVED and event.actor == "system" and firing:
                yield f"{incident.id} resolved by itself while {', '.join(sorted(firing))} went on"
