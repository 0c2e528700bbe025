"""Two days after the resolution: has anybody done the postmortem? If not, two people hear of it (S5)."""

from __future__ import annotations

from datetime import datetime, timedelta

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.domain.incident import Incident, Status
from app.domain.people import SYSTEM
from app.domain.policy import Policy
from app.domain.progress import Progress
from app.domain.schedule import Into
from app.errors import Park, VendorError, VendorRefused
from app.flows.steps import post_once, tell_once
from app.flows.timers import wake
from app.ledger import Decision
from app.messages import aftercare as messages
from app.messages.message import Message
from app.ports import Chat, Store, Timers, Tracker
from app.telemetry import metrics

LOOK_AGAIN = timedelta(minutes=30)
_DONE = {Progress.DONE, Progress.DROPPED}


async def schedule(timers: Timers, incident_id: str, at: datetime) -> None:
    await wake(timers, "sla", "postmortem_sla_due", incident_id, at, into=Into.SLA_CHECKS)


async def check(store: Store, chat: Chat, tracker: Tracker, timers: Timers, policy: Policy, incident_id: str) -> None:
    """Once for each incident: kept, or broken and told."""
    incident = await ledger.load(store, incident_id)
    if incident.status is not Status.RESOLVED or incident.resolved_at is None or incident.drill:
        return
    if incident.postmortem_checked_at is not None:
        return
    due = incident.resolved_at + policy.postmortem_sla
    if clock.now() < due:  # resolved anew since this was scheduled
        await schedule(timers, incident_id, due)
        return
    try:
        state = await _state(tracker, incident)
    except VendorRefused as refused:  # waiting does not help: somebody has to look
        told = await _tell(chat, policy, incident, messages.postmortem_unreadable(incident, str(refused)))
        await _record(store, incident, AuditType.POSTMORTEM_UNREADABLE, {"why": str(refused), "told": told})
    except VendorError as error:
        metrics.step_failed("read_postmortem", str(error))
        await schedule(timers, incident_id, clock.now() + LOOK_AGAIN)
    else:
        if state in _DONE:
            await _record(store, incident, AuditType.POSTMORTEM_REVIEWED, {"state": state})
            return
        told = await _tell(chat, policy, incident, messages.postmortem_overdue(incident, state, policy.postmortem_sla))
        await _record(store, incident, AuditType.POSTMORTEM_OVERDUE, {"state": state, "told": told})


async def _state(tracker: Tracker, incident: Incident) -> str:
    if incident.postmortem is None:
        return "not filed yet"
    return await tracker.state(incident.postmortem.id) or "deleted"


async def _tell(chat: Chat, policy: Policy, incident: Incident, message: Message) -> list[str]:
    """Who was told. A second try finds what the first one said, and says nothing twice."""
    told: list[str] = []
    effect = f"sla:{incident.id}{incident.again}"
    if channel := policy.manager_channel or policy.fallback_channel:
        try:
            await post_once(chat, channel, message, effect, adopting=True)
            told.append(channel)
        except VendorRefused as refused:
            metrics.step_failed("tell_manager_channel", str(refused))
    if incident.ic:
        try:
            await tell_once(chat, incident.ic, message, effect)
            told.append(incident.ic)
        except VendorRefused as refused:
            metrics.step_failed("tell_commander", str(refused))
    if not told:
        raise Park(f"{message.text} Nobody could be told: set MANAGER_CHANNEL to a channel that the app is in.")
    return told


async def _record(store: Store, incident: Incident, kind: AuditType, details: dict[str, object]) -> None:
    fact = Fact(type=kind, actor=SYSTEM, details=details)

    def decide(incident: Incident) -> Decision | None:
        if incident.postmortem_checked_at is not None:
            return None
        return Decision(incident.but(postmortem_checked_at=clock.now()), [fact])

    await ledger.amend(store, incident.id, decide)
