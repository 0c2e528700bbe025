"""The impact has ended, says somebody; or it has not after all. The incident stays open either way."""

from __future__ import annotations

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.domain.incident import Incident, Status
from app.errors import Refused
from app.flows import checklist, header
from app.flows.steps import post_once
from app.ledger import Decision
from app.messages import mitigation as messages
from app.ports import Chat, Store


async def declare(store: Store, chat: Chat, incident_id: str, why: str, *, actor: str, by: str) -> Incident:
    """``by``: the gesture, or whatever else asked; the same one again changes nothing and tells the room once."""

    def decide(incident: Incident) -> Decision | None:
        if incident.status is Status.MITIGATED or incident.mitigation_by == by:
            return None
        if not incident.may(Status.MITIGATED):
            raise Refused(_not_now(incident))
        fact = Fact(type=AuditType.INCIDENT_MITIGATED, actor=actor, details={"why": why})
        return Decision(incident.to(Status.MITIGATED, mitigated_at=clock.now(), mitigation_by=by), [fact])

    incident = await ledger.amend(store, incident_id, decide)
    if incident.mitigation_by == by and incident.channel_id:
        await post_once(chat, incident.channel_id, messages.declared(actor, why), f"mitigated:{by}", adopting=True)
    await _follow(store, chat, incident_id)
    return incident


async def take_back(store: Store, chat: Chat, incident_id: str, why: str, *, actor: str, by: str) -> Incident:
    """By a person, or by an alert that fires again. Nothing to take back: nothing happens."""

    def decide(incident: Incident) -> Decision | None:
        if incident.status is not Status.MITIGATED:
            return None
        fact = Fact(type=AuditType.MITIGATION_TAKEN_BACK, actor=actor, details={"why": why})
        return Decision(incident.to(Status.ACTIVE, mitigated_at=None, mitigation_by=by), [fact])

    incident = await ledger.amend(store, incident_id, decide)
    if incident.mitigation_by == by and incident.channel_id:
        message = messages.taken_back(actor, why, incident.ic)
        await post_once(chat, incident.channel_id, message, f"unmitigated:{by}", adopting=True)
        await _follow(store, chat, incident_id)
    return incident


async def _follow(store: Store, chat: Chat, incident_id: str) -> None:
    await header.refresh(store, chat, incident_id)
    await checklist.refresh(store, chat, incident_id)


def _not_now(incident: Incident) -> str:
    if incident.status is Status.RESOLVED:
        return "This incident is resolved already: there is nothing left to mitigate."
    return "The room of this incident is still being made. Try again in a moment."
