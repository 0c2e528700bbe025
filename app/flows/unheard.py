"""The end of the alarm that nobody commands: with nobody left to tell, it does not end in silence (P-loud)."""

from __future__ import annotations

from collections.abc import Mapping

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.domain.incident import Incident
from app.domain.people import SYSTEM
from app.domain.policy import Policy
from app.flows.steps import post_once
from app.ledger import Decision
from app.messages import people as messages
from app.ports import Chat, Store
from app.telemetry import metrics


async def nobody_left(
    store: Store, chat: Chat, policy: Policy, incident: Incident, why: str, not_reached: Mapping[str, str]
) -> None:
    """Once until somebody has command. Counted first: whatever else is away, that leaves the house."""
    if incident.unheard_at is None:
        metrics.unheard("nobody_commands", incident.id, why)
        incident = await ledger.amend(store, incident.id, lambda fresh: _unheard(fresh, why, not_reached))
    if incident.channel_id and incident.unheard_at:
        message = messages.nobody_left(incident, why, fallback=policy.fallback_channel is not None)
        effect = f"unheard:{incident.id}:{incident.unheard_at.isoformat()}"
        await post_once(chat, incident.channel_id, message, effect, adopting=True)


def _unheard(incident: Incident, why: str, not_reached: Mapping[str, str]) -> Decision | None:
    if incident.unheard_at or incident.commanded or not incident.open:
        return None
    details = {"why": why, "told": list(incident.told_outside), "not_reached": dict(not_reached)}
    fact = Fact(type=AuditType.NOBODY_LEFT_TO_TELL, actor=SYSTEM, details=details)
    told = (*incident.told_outside, *not_reached)
    return Decision(incident.but(unheard_at=clock.now(), told_outside=told), [fact])
