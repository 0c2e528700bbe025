"""Command goes over when the other side says yes, and not before: the one who offers it has it until then."""

from __future__ import annotations

import hashlib

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.domain.incident import Handoff, Incident
from app.domain.people import Human
from app.domain.policy import Policy
from app.domain.ticket import Offer
from app.errors import Refused
from app.flows import brief, command, guests
from app.flows.steps import post_once
from app.ledger import Decision
from app.messages import people as messages
from app.ports import Chat, Store

_GONE = "This offer does not stand any more: it was answered, replaced by a newer one, or somebody else took command."


async def offer(
    store: Store, chat: Chat, policy: Policy, incident: Incident, human: Human, to: str, *, by: str
) -> None:
    """Raises ``Refused``. ``by``: the gesture; the same one again is the same offer, sent once more."""
    await command.demand(store, incident, human, "hand it over")
    if to == human.slack_id:
        raise Refused("You command this incident already: name somebody else to hand it to.")
    await guests.let_in(store, chat, incident, to, human)
    made = Handoff(id=_id(by), to=to, by=human.slack_id, at=clock.now())
    details = {"id": made.id, "to": to}
    fact = Fact(type=AuditType.HANDOFF_OFFERED, actor=human.actor, details=details)

    def decide(incident: Incident) -> Decision | None:
        if incident.handoff and incident.handoff.id == made.id:
            return None
        if incident.ic != human.slack_id:
            raise Refused("You do not command this incident any more, so there is nothing to hand over.")
        return Decision(incident.but(handoff=made), [*_replaced(incident, human), fact])

    incident = await ledger.amend(store, incident.id, decide)
    room = incident.channel_id or ""
    await post_once(chat, room, messages.offer_made(made), f"handoff:{made.id}", adopting=True)
    capsule = await brief.capsule(store, incident, policy)
    told = messages.offered(incident, made, await chat.link(room), capsule)
    await chat.direct(to, told, effect_id=f"offer:{made.id}")


async def accept(store: Store, chat: Chat, ticket: Offer, human: Human, *, by: str) -> None:
    """Raises ``Refused``, with nothing changed, unless this very offer still stands and is theirs to accept."""

    def decide(incident: Incident) -> Decision | None:
        if incident.ic == human.slack_id and incident.ic_by == by:
            return None
        _standing(incident, ticket, human)
        accepted = Fact(type=AuditType.HANDOFF_ACCEPTED, actor=human.actor, details={"id": ticket.handoff})
        taken = incident.but(handoff=None)
        decision = command.given(taken, human.slack_id, by=by, actor=human.actor, why="accepted the handoff")
        return Decision(decision.incident, [accepted, *decision.facts])

    incident = await ledger.load(store, ticket.incident)
    if decide(incident):
        await guests.let_in(store, chat, incident, human.slack_id, human)
    await command.announce(store, chat, await ledger.amend(store, incident.id, decide))


async def decline(store: Store, chat: Chat, ticket: Offer, human: Human, *, by: str) -> None:
    """The one who offered is told, and commands as before."""

    def decide(incident: Incident) -> Decision | None:
        if incident.handoff and incident.handoff.declined_by == by:
            return None
        offer = _standing(incident, ticket, human).model_copy(update={"declined_by": by})
        declined = Fact(type=AuditType.HANDOFF_DECLINED, actor=human.actor, details={"id": offer.id})
        return Decision(incident.but(handoff=offer), [declined])

    incident = await ledger.amend(store, ticket.incident, decide)
    if incident.channel_id and (offer := incident.handoff):
        message = messages.offer_declined(offer)
        await post_once(chat, incident.channel_id, message, f"declined:{offer.id}", adopting=True)


def _standing(incident: Incident, ticket: Offer, human: Human) -> Handoff:
    offer = incident.handoff
    if offer is None or offer.declined_by or offer.id != ticket.handoff:
        raise Refused(_GONE)
    if offer.to != human.slack_id:
        raise Refused(f"Command was offered to <@{offer.to}>, so only they can answer.")
    return offer


def _replaced(incident: Incident, human: Human) -> list[Fact]:
    if incident.handoff is None or incident.handoff.declined_by:
        return []
    details = {"id": incident.handoff.id, "to": incident.handoff.to, "why": "another offer took its place"}
    return [Fact(type=AuditType.HANDOFF_CANCELLED, actor=human.actor, details=details)]


def _id(gesture: str) -> str:
    return hashlib.sha256(gesture.encode()).hexdigest()[:16]
