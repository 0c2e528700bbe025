"""Its last alert has ended: the commander is asked whether the incident has, and after a while it is over by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.domain.draft import Draft
from app.domain.incident import Incident, Status
from app.domain.people import SYSTEM, Human
from app.domain.policy import Policy
from app.domain.schedule import schedule_name
from app.domain.ticket import Ending
from app.errors import Refused
from app.flows.resolution import ask_to_wrap_up, resolve
from app.flows.steps import post_once
from app.flows.timers import wake
from app.ledger import Decision
from app.messages import alerts as messages
from app.ports import Chat, Queue, Store, Timers
from app.queue.envelope import Envelope, dedup, lane

_A_MOMENT = timedelta(seconds=10)  # a schedule is for the future


async def propose(store: Store, chat: Chat, timers: Timers, policy: Policy, incident_id: str) -> None:
    """Once for each time that its last alert ends; the schedule before the question, so that both hold (S2)."""
    at = clock.now() + policy.auto_resolve_after

    def decide(incident: Incident) -> Decision | None:
        if incident.status is Status.RESOLVED or not incident.alerts_over:
            return None
        if incident.resolve_at is not None or incident.kept_open == _end(incident):
            return None
        details = {"at": at.isoformat(), "public_open": incident.public_open}
        fact = Fact(type=AuditType.RESOLUTION_PROPOSED, actor=SYSTEM, details=details)
        return Decision(incident.but(resolve_at=at), [fact])

    incident = await ledger.amend(store, incident_id, decide)
    if incident.resolve_at is None or incident.status is Status.RESOLVED or incident.channel_id is None:
        return
    await _wake(timers, incident_id, incident.resolve_at)
    question = messages.is_it_over(incident, incident.resolve_at, _end(incident))
    effect = f"over:{incident_id}:{incident.resolve_at.isoformat()}"
    await post_once(chat, incident.channel_id, question, effect, adopting=True)


async def keep_open(store: Store, timers: Timers, ticket: Ending, human: Human) -> None:
    """It does not resolve by itself for the end that was asked about; a later one is asked about anew, and what was
    said of the earlier one is no answer to that. Raises ``Refused``."""

    def decide(incident: Incident) -> Decision | None:
        if incident.status is Status.RESOLVED:
            raise Refused("This incident is resolved already. If it goes on, its alert re-opens it when it fires.")
        end = _end(incident)
        if not incident.alerts_over or end != ticket.end or incident.kept_open == end:
            return None
        fact = Fact(type=AuditType.RESOLUTION_WITHDRAWN, actor=human.actor, details={"why": "kept open"})
        return Decision(incident.but(resolve_at=None, kept_open=end), [fact])

    incident = await ledger.amend(store, ticket.incident, decide)
    if incident.resolve_at is None:
        await timers.remove(schedule_name("auto-resolve", incident.id))
        incident = await ledger.load(store, incident.id)
    if incident.resolve_at:  # the timer of a later question stands, whatever this did to it
        await _wake(timers, incident.id, incident.resolve_at)
        raise Refused("Its alerts have ended again since that question was asked. Answer the newest one.")


async def after_publishing(queue: Queue, incident: Incident, draft: Draft) -> None:
    """Customers read something else now: a last word may be due behind the resolution, or the end that they held."""
    if incident.status is Status.RESOLVED:
        await ask_to_wrap_up(queue, incident.id, draft.id)
    elif not incident.public_open:
        await queue.send(
            Envelope(
                kind="event:auto_resolve_due",
                lane=lane("timer", incident.id),
                dedup_id=dedup("auto_resolve", incident.id, draft.id),
                body=f'{{"incident_id":"{incident.id}"}}',
            )
        )


async def resolve_by_itself(
    store: Store, queue: Queue, chat: Chat, timers: Timers, policy: Policy, incident_id: str
) -> None:
    """Unless customers still read that it goes on: then the room hears that a person has to end that first, and is
    asked anew when it has."""
    incident, now = await ledger.load(store, incident_id), clock.now()
    if incident.resolve_at and now < incident.resolve_at:  # of an earlier end of its alerts
        await _wake(timers, incident_id, incident.resolve_at)
        return
    if incident.resolve_at is None and not incident.public_open:
        await propose(store, chat, timers, policy, incident_id)
        return
    if _due(incident, now) and incident.public_open and incident.channel_id:
        effect = f"not-over:{incident_id}:{incident.resolve_at}"
        await post_once(chat, incident.channel_id, messages.held_by_public(incident), effect, adopting=True)
        await _withdraw(store, incident)
        return
    # Looked at once more in the transaction that resolves it: an alert may fire again at any moment.
    await resolve(
        store, queue, incident_id, actor=SYSTEM, at=now, only_if=lambda it: _due(it, now) and not it.public_open
    )


async def _withdraw(store: Store, held: Incident) -> None:
    details = {"why": "customers still read that it goes on"}
    fact = Fact(type=AuditType.RESOLUTION_WITHDRAWN, actor=SYSTEM, details=details)

    def decide(incident: Incident) -> Decision | None:
        if incident.status is Status.RESOLVED or incident.resolve_at != held.resolve_at or not incident.public_open:
            return None
        return Decision(incident.but(resolve_at=None), [fact])

    await ledger.amend(store, held.id, decide)


def _due(incident: Incident, now: datetime) -> bool:
    return incident.alerts_over and incident.resolve_at is not None and incident.resolve_at <= now


async def _wake(timers: Timers, incident_id: str, at: datetime) -> None:
    await wake(timers, "auto-resolve", "auto_resolve_due", incident_id, max(at, clock.now() + _A_MOMENT))


def _end(incident: Incident) -> str:
    """Which end of its alerts: another one comes later."""
    return max(group.at for group in incident.groups).isoformat()
