"""Who commands: one person at a time, and some things only they may do."""

from __future__ import annotations

from app import ledger
from app.domain.audit import AuditType, Fact
from app.domain.incident import Incident
from app.domain.people import Human
from app.errors import Refused
from app.ledger import Decision
from app.ports import Store


async def demand(store: Store, incident: Incident, human: Human, to_do: str) -> None:
    """Raises ``Refused``, kindly and audited, unless this person commands the incident."""
    if incident.ic == human.slack_id:
        return
    details = {"wanted": to_do, "ic": incident.ic}
    refused = Fact(type=AuditType.COMMAND_REFUSED, actor=human.actor, details=details)
    await ledger.amend(store, incident.id, lambda fresh: Decision(fresh, [refused]))
    who = f"<@{incident.ic}> commands this incident" if incident.ic else "Nobody commands this incident yet"
    raise Refused(f"{who}, and only the incident commander can {to_do}. If that should be you, press *Take command*.")


async def take(store: Store, incident_id: str, human: Human, *, by: str) -> tuple[Incident, bool]:
    """The incident, and whether command changed hands with this gesture, now or in an earlier delivery of it."""
    changed = False

    def decide(incident: Incident) -> Decision | None:
        nonlocal changed
        if incident.ic == human.slack_id:
            changed = incident.ic_by == by
            return None
        changed = True
        details = {"ic": human.slack_id, "before": incident.ic, "why": "took command"}
        fact = Fact(type=AuditType.IC_ASSIGNED, actor=human.actor, details=details)
        return Decision(incident.but(ic=human.slack_id, ic_by=by), [fact])

    incident = await ledger.amend(store, incident_id, decide)
    return incident, changed
