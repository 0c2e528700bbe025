"""Whoever took part and has not rated is asked once more, in private; who does not answer that is let be."""

from __future__ import annotations

from datetime import datetime, timedelta

from app import clock, ledger
from app.domain.audit import AuditEvent, AuditType, Fact
from app.domain.incident import Incident, Status
from app.domain.people import SYSTEM
from app.domain.policy import Policy
from app.errors import VendorRefused
from app.flows.steps import tell_once
from app.flows.timers import wake
from app.ledger import Decision
from app.messages import aftercare as messages
from app.ports import Chat, Store, Timers

COME_BACK = timedelta(minutes=10)
_PERSON = "slack:"


async def schedule(timers: Timers, incident_id: str, at: datetime) -> None:
    await wake(timers, "rating", "rating_due", incident_id, at)


async def follow_up(store: Store, chat: Chat, timers: Timers, policy: Policy, incident_id: str) -> None:
    """Asks, or stops asking, by what is on record; whoever comes too early or once more changes nothing."""
    incident = await ledger.load(store, incident_id)
    if incident.status is not Status.RESOLVED or incident.resolved_at is None or incident.drill:
        return
    now, due = clock.now(), incident.resolved_at + policy.rating_follow_up
    if now < due:  # resolved anew since this was scheduled
        await schedule(timers, incident_id, due)
        return
    silent = [one for one in took_part(incident, await store.trail(incident_id)) if one not in _settled(incident)]
    new = [one for one in silent if one not in incident.rating_asked]
    for slack_id in new:
        await _ask(store, chat, incident, slack_id)
    over = max(incident.resolved_at + policy.rating_skipped, now + policy.rating_skipped - policy.rating_follow_up)
    if new:
        await schedule(timers, incident_id, over)
    elif silent and now < incident.resolved_at + policy.rating_skipped:
        await schedule(timers, incident_id, incident.resolved_at + policy.rating_skipped)
    else:
        for slack_id in silent:
            await _skip(store, incident_id, slack_id, "no answer")


def took_part(incident: Incident, trail: list[AuditEvent]) -> list[str]:
    """Slack ids of those who did something, held a role, or gave a sign of life. To be invited is not to take part."""
    acted = {event.actor.removeprefix(_PERSON) for event in trail if event.actor.startswith(_PERSON)}
    commanded = {incident.ic} if incident.ic else set()
    return sorted(acted | commanded | set(incident.roles.values()) | set(incident.seen))


def _settled(incident: Incident) -> set[str]:
    return {*incident.ratings, *incident.rating_skipped}


async def _ask(store: Store, chat: Chat, incident: Incident, slack_id: str) -> None:
    try:
        await tell_once(chat, slack_id, messages.rating_once_more(incident), f"rating:{incident.id}:{slack_id}")
    except VendorRefused as refused:
        await _skip(store, incident.id, slack_id, str(refused))
        return

    def decide(incident: Incident) -> Decision | None:
        if slack_id in incident.rating_asked:
            return None
        fact = Fact(type=AuditType.RATING_FOLLOWED_UP, actor=SYSTEM, details={"slack_id": slack_id})
        return Decision(incident.but(rating_asked=(*incident.rating_asked, slack_id)), [fact])

    await ledger.amend(store, incident.id, decide)


async def _skip(store: Store, incident_id: str, slack_id: str, why: str) -> None:
    def decide(incident: Incident) -> Decision | None:
        if slack_id in _settled(incident):
            return None
        fact = Fact(type=AuditType.RATING_SKIPPED, actor=SYSTEM, details={"slack_id": slack_id, "why": why})
        return Decision(incident.but(rating_skipped=(*incident.rating_skipped, slack_id)), [fact])

    await ledger.amend(store, incident_id, decide)
