"""Follow-through: nobody has to remember what is to happen in the days after an incident (S5, S10, G7)."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.audit import AuditType
from app.domain.incident import Incident
from app.sim import cast
from app.sim.simulation.house import House

_FOUND = {AuditType.POSTMORTEM_REVIEWED, AuditType.POSTMORTEM_OVERDUE, AuditType.POSTMORTEM_UNREADABLE}


def follow_through(house: House) -> Iterator[str]:
    told = {effect for post in house.slack.workspace.channels[cast.FALLBACK_CHANNEL].posts if (effect := _effect(post))}
    for incident in house.incidents:
        if incident.archived_at is None:  # never had a room, or is not over: the others see that
            continue
        trail = house.store.audit[incident.id]
        ends = [event.seq for event in trail if event.type is AuditType.INCIDENT_REOPENED] or [0]
        found = [event.type for event in trail[ends[-1] :] if event.type in _FOUND]
        if incident.drill and (found or incident.rating_asked):
            yield f"{incident.id}: a drill was followed up"
        if incident.drill:
            continue
        if len(found) != 1:
            yield f"{incident.id}: its postmortem was checked {len(found)} times"
        elif found != [AuditType.POSTMORTEM_REVIEWED] and f"sla:{incident.id}{incident.again}" not in told:
            yield f"{incident.id}: {found[0]}, and the managers' channel does not know"
        elif found == [AuditType.POSTMORTEM_REVIEWED] and not _closed(house, incident):
            yield f"{incident.id}: its postmortem passes for done, and Linear has it open"
        if silent := set(incident.rating_asked) - incident.ratings.keys() - set(incident.rating_skipped):
            yield f"{incident.id}: {sorted(silent)} were asked for a rating, and nothing came of it"


def heads(house: House) -> Iterator[str]:
    """Each closed trail's head is out of reach, and is one that the trail has."""
    for incident in house.incidents:
        kept = [head for of, head in house.vault.heads if of == incident.id]
        if incident.archived_at and not kept:
            yield f"{incident.id}: the head of its trail was not archived"
        there = {(event.seq, event.hash) for event in house.store.audit[incident.id]}
        if any((head.seq, head.hash) not in there for head in kept):
            yield f"{incident.id}: a head was archived that its trail does not have"


def _effect(post: object) -> str:
    metadata = getattr(post, "metadata", None) or {}
    return str(metadata.get("event_payload", {}).get("effect_id", ""))


def _closed(house: House, incident: Incident) -> bool:
    issue = house.linear.issues.get(incident.postmortem.id) if incident.postmortem else None
    return issue is not None and issue["state"]["type"] == "completed"
