"""Who does what beside the commander."""

from __future__ import annotations

from app import ledger
from app.domain.audit import AuditType, Fact
from app.domain.incident import Incident
from app.domain.people import Human, Role
from app.errors import Refused
from app.flows import guests, header
from app.flows.steps import post_once
from app.ledger import Decision
from app.messages.people import role_given
from app.ports import Chat, Store


async def assign(
    store: Store, chat: Chat, incident: Incident, role: Role, slack_id: str, human: Human, *, by: str
) -> None:
    """One role, one person; whoever had it has it no more."""
    await guests.let_in(store, chat, incident, slack_id, human)

    def decide(incident: Incident) -> Decision | None:
        before = incident.roles.get(role)
        if before == slack_id:
            return None
        if role is Role.DEPUTY and incident.ic == slack_id:
            raise Refused(
                "The deputy takes over when the commander leaves, so the commander cannot be it. Name another."
            )
        details = {"role": role.value, "slack_id": slack_id, "before": before}
        fact = Fact(type=AuditType.ROLE_ASSIGNED, actor=human.actor, details=details)
        return Decision(incident.but(roles={**incident.roles, role: slack_id}), [fact])

    incident = await ledger.amend(store, incident.id, decide)
    await header.refresh(store, chat, incident.id)
    if incident.channel_id:
        effect = f"role:{role}:{by}"
        await post_once(chat, incident.channel_id, role_given(role, slack_id), effect, adopting=True)
