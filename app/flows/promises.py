"""What customers were promised: an update by a time. The commander hears of it before it breaks, and when it broke."""

from __future__ import annotations

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.domain.incident import Incident, PublicIncident
from app.domain.people import SYSTEM
from app.flows.nudges import BEFORE_A_PROMISE, promise_told, tell_commander
from app.flows.steps import post_once
from app.flows.timers import wake
from app.ledger import Decision
from app.messages import cadence as messages
from app.ports import Chat, Store, Timers


async def count_down(store: Store, timers: Timers, chat: Chat, incident: Incident) -> None:
    """Its schedule fires once, so the next look is set before anything that may fail."""
    at, channel = incident.promised_update_at, incident.channel_id
    if at is None or channel is None or not incident.open:
        return
    now = clock.now()
    if now < at - BEFORE_A_PROMISE:  # a later promise took this one's place
        await wake(timers, "promise", "promise_due", incident.id, at - BEFORE_A_PROMISE)
        return
    if now < at:
        await wake(timers, "promise", "promise_due", incident.id, at)
    kind = AuditType.PROMISE_REMINDED if now < at else AuditType.PROMISE_BROKEN
    told = promise_told(kind, at)
    if incident.reminders.promise_told == told:
        return
    if now < at:
        message = messages.promise_due(incident, await chat.link(channel), at)
        await tell_commander(chat, incident, message, f"promise:{incident.id}:{told}")
    else:
        await post_once(
            chat, channel, messages.promise_broken(incident, at), f"broken:{incident.id}:{told}", adopting=True
        )
    fact = Fact(type=kind, actor=SYSTEM, details={"promised": at.isoformat(), "ic": incident.ic})

    def decide(incident: Incident) -> Decision | None:
        if incident.reminders.promise_told == told:
            return None
        sent = {"promise_told": told} | ({"sent_at": now} if kind is AuditType.PROMISE_REMINDED else {})
        return Decision(incident.but(reminders=incident.reminders.model_copy(update=sent)), [fact])

    await ledger.amend(store, incident.id, decide)


def dropped(incident: Incident, actor: str) -> tuple[PublicIncident | None, list[Fact]]:
    """At the resolution. Nobody is reminded after it: what customers were promised and did not get is on record, and in
    the announcement. Pure."""
    at, public = incident.promised_update_at, incident.public
    facts = [Fact(type=AuditType.PROMISE_DROPPED, actor=actor, details={"promised": at.isoformat()})] if at else []
    return public.model_copy(update={"dropped": at}) if public else None, facts
