"""The reminder that an incident owes somebody an update: scheduled, set anew, removed."""

from __future__ import annotations

from datetime import datetime, timedelta

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.domain.incident import Incident, Status
from app.domain.people import SYSTEM, Human
from app.domain.policy import Policy
from app.domain.schedule import schedule_name
from app.errors import Refused
from app.flows import command
from app.flows.steps import post_once
from app.flows.timers import timer_message, wake
from app.ledger import Decision
from app.messages import room as messages
from app.messages.message import Message, say
from app.ports import Chat, Store, Timers

BEFORE_A_PROMISE = timedelta(minutes=5)  # time enough to write what was promised


async def schedule(timers: Timers, incident: Incident, policy: Policy) -> datetime:
    """First one interval from now, never at once (T1); it ends by itself even if we do not (T3)."""
    first = clock.now() + policy.update_every(incident.severity)
    message = timer_message("nudge_due", incident.id)
    await timers.every(
        schedule_name("nudge", incident.id),
        policy.update_every(incident.severity),
        first=first,
        end=clock.now() + policy.nudge_horizon,
        message=message,
    )
    return first


async def postpone(timers: Timers, incident: Incident, policy: Policy) -> None:
    """Somebody spoke: the next reminder is a whole interval away again (T1)."""
    if not incident.nudges_silenced and incident.status is not Status.RESOLVED:
        await schedule(timers, incident, policy)


async def promise(timers: Timers, incident: Incident, at: datetime | None) -> None:
    """Customers were told when they will hear more: the IC hears of it in time. None: nothing is promised any more."""
    if at is None:
        await timers.remove(schedule_name("promise", incident.id))
    else:
        await wake(timers, "promise", "promise_due", incident.id, at - BEFORE_A_PROMISE)


async def silence(store: Store, timers: Timers, chat: Chat, incident: Incident, human: Human) -> Message:
    """The schedule first, then the record, then the room: nobody hears that reminders are off before they are (S2)."""
    await command.demand(store, incident, human, "silence its reminders")
    already = incident.nudges_silenced
    if not already and not await timers.silence(schedule_name("nudge", incident.id)):
        raise Refused("There are no reminders to silence: none is scheduled for this incident.")

    def decide(incident: Incident) -> Decision | None:
        if incident.nudges_silenced:
            return None
        return Decision(incident.but(nudges_silenced=True), [Fact(type=AuditType.NUDGES_SILENCED, actor=human.actor)])

    await ledger.amend(store, incident.id, decide)
    if incident.channel_id:
        message = messages.silenced(human.slack_id)
        await post_once(chat, incident.channel_id, message, f"silenced:{incident.id}", adopting=True)
    return say("Reminders were off already." if already else "Reminders are off for this incident.")


async def remind(store: Store, timers: Timers, chat: Chat, incident: Incident, scheduled_at: str) -> None:
    """One reminder, to the IC alone. One that is due for an incident that is over removes its schedule instead.

    A crash between the message and its record sends it again: a reminder too many is better than one too few.
    """
    name = schedule_name("nudge", incident.id)
    if incident.status is Status.RESOLVED:
        await timers.remove(name)
        return
    if incident.nudges_silenced or incident.channel_id is None or incident.last_nudge == scheduled_at:
        return
    since = incident.last_update_at or incident.alert.at
    minutes = round((clock.now() - since).total_seconds() / 60)
    message = messages.nudge(incident, await chat.link(incident.channel_id), minutes)
    effect = f"nudge:{incident.id}:{scheduled_at}"
    if incident.ic:
        await chat.direct(incident.ic, message, effect_id=effect)
    else:  # nobody to be told in private: whoever is there
        await post_once(chat, incident.channel_id, message, effect, adopting=True)
    details = {"ic": incident.ic, "scheduled_at": scheduled_at}
    sent = Fact(type=AuditType.NUDGE_SENT, actor=SYSTEM, details=details)

    def decide(incident: Incident) -> Decision | None:
        if incident.last_nudge == scheduled_at:
            return None
        return Decision(incident.but(last_nudge=scheduled_at), [sent])

    await ledger.amend(store, incident.id, decide)
