"""The reminder that an incident owes somebody an update: scheduled, set anew, sent, and what follows when nobody
answers it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.domain.cadence import Unanswered
from app.domain.change import StepRecord
from app.domain.incident import Incident
from app.domain.people import SYSTEM, Human, Role, Source
from app.domain.policy import Policy
from app.domain.schedule import schedule_name
from app.flows.people import Responders
from app.flows.steps import post_once
from app.flows.timers import timer_message, wake
from app.ledger import Decision
from app.messages import cadence as messages
from app.messages.message import Message
from app.ports import Chat, Store, Timers
from app.telemetry import metrics

BEFORE_A_PROMISE = timedelta(minutes=5)  # time enough to write what was promised


async def schedule(timers: Timers, incident: Incident, policy: Policy, *, first: datetime | None = None) -> datetime:
    """First one interval from now, never at once (T1); it ends by itself even if we do not (T3)."""
    first = first or clock.now() + policy.update_every(incident.severity)
    await timers.every(
        schedule_name("nudge", incident.id),
        policy.update_every(incident.severity),
        first=first,
        end=clock.now() + policy.nudge_horizon,
        message=timer_message("nudge_due", incident.id),
    )
    return first


async def postpone(timers: Timers, incident: Incident, policy: Policy) -> None:
    """Somebody spoke: the next reminder is a whole interval away again (T1), or as far as it was snoozed."""
    if not incident.nudges_silenced and incident.open:
        first = clock.now() + policy.update_every(incident.severity)
        await schedule(timers, incident, policy, first=max(first, incident.reminders.snoozed_until or first))


async def promise(timers: Timers, incident: Incident, at: datetime | None) -> None:
    """Customers were told when they will hear more: the IC hears of it in time. None: nothing is promised any more."""
    if at is None or not incident.open:
        await timers.remove(schedule_name("promise", incident.id))
    else:
        await wake(timers, "promise", "promise_due", incident.id, at - BEFORE_A_PROMISE)


def promise_told(kind: AuditType, at: datetime) -> str:
    return f"{kind} {at.isoformat()}"


async def remind(
    store: Store, timers: Timers, chat: Chat, policy: Policy, incident: Incident, scheduled_at: str
) -> None:
    """One reminder, to the IC alone. One that is due for an incident that is over removes its schedule instead.

    A crash between the message and its record sends it again: a reminder too many is better than one too few.
    """
    if not incident.open:
        await timers.remove(schedule_name("nudge", incident.id))
        return
    now, reminders = clock.now(), incident.reminders
    if incident.nudges_silenced or incident.channel_id is None or incident.last_nudge == scheduled_at:
        return
    if reminders.too_soon(now, policy.nudge_gap):
        return
    waiting = reminders.waiting(incident.ic, incident.last_update_at) or Unanswered(since=now, ic=incident.ic)
    if not waiting.escalated:  # before the reminder: what fails after it is done when it fires
        await wake(timers, "unanswered", "nudge_unanswered", incident.id, waiting.since + policy.answer_within)
    minutes = round((now - (incident.last_update_at or incident.alert.at)).total_seconds() / 60)
    promised = _due_with(incident, now, policy)
    message = messages.nudge(incident, await chat.link(incident.channel_id), minutes, promised)
    await tell_commander(chat, incident, message, f"nudge:{incident.id}:{scheduled_at}")
    details = {"ic": incident.ic, "scheduled_at": scheduled_at}
    facts = [Fact(type=AuditType.NUDGE_SENT, actor=SYSTEM, details=details)]
    told: dict[str, str] = {}
    if promised:
        details = {"promised": promised.isoformat(), "ic": incident.ic}
        facts.append(Fact(type=AuditType.PROMISE_REMINDED, actor=SYSTEM, details=details))
        told = {"promise_told": promise_told(AuditType.PROMISE_REMINDED, promised)}

    def decide(incident: Incident) -> Decision | None:
        if incident.last_nudge == scheduled_at:
            return None
        sent_now = {"sent_at": now, "unanswered": waiting, "snoozed_until": None, **told}
        still = incident.reminders.model_copy(update=sent_now)
        return Decision(incident.but(last_nudge=scheduled_at, reminders=still), facts)

    await ledger.amend(store, incident.id, decide)


def _due_with(incident: Incident, now: datetime, policy: Policy) -> datetime | None:
    """A promise to customers that they would be reminded of a moment later: one message is enough for both."""
    at = incident.promised_update_at
    if at is None or incident.reminders.promise_told == promise_told(AuditType.PROMISE_REMINDED, at):
        return None
    return at if at - BEFORE_A_PROMISE - policy.nudge_gap <= now < at else None


async def tell_commander(chat: Chat, incident: Incident, message: Message, effect: str) -> None:
    if incident.ic:
        await chat.direct(incident.ic, message, effect_id=effect)
    elif incident.channel_id:  # nobody to be told in private: whoever is there
        await post_once(chat, incident.channel_id, message, effect, adopting=True)


async def answered(store: Store, incident: Incident, human: Human) -> None:
    """The commander gave a sign of life in the room: nobody need look after them."""
    if human.slack_id != incident.ic or incident.reminders.unanswered is None:
        return
    fact = Fact(type=AuditType.NUDGE_ANSWERED, actor=human.actor)

    def decide(incident: Incident) -> Decision | None:
        if human.slack_id != incident.ic or incident.reminders.unanswered is None:
            return None
        return Decision(incident.but(reminders=incident.reminders.model_copy(update={"unanswered": None})), [fact])

    await ledger.amend(store, incident.id, decide)


async def escalate(store: Store, timers: Timers, chat: Chat, policy: Policy, incident: Incident) -> None:
    """A reminder found no answer for so long: somebody else is told, once for each silence."""
    waiting = incident.reminders.waiting(incident.ic, incident.last_update_at)
    if not incident.open or incident.nudges_silenced or incident.channel_id is None:
        return
    if waiting is None or waiting.escalated:
        return
    now, due = clock.now(), waiting.since + policy.answer_within
    if now < due:
        await wake(timers, "unanswered", "nudge_unanswered", incident.id, due)
        return
    told = _secondary(incident, await store.steps(incident.id, "war_room")) or policy.fallback_channel
    minutes = round((now - waiting.since).total_seconds() / 60)
    message = messages.unanswered(incident, await chat.link(incident.channel_id), minutes)
    effect = f"unanswered:{incident.id}:{waiting.since.isoformat()}"
    if told:
        await chat.direct(told, message, effect_id=effect)
    else:
        metrics.unheard("reminder_unanswered", incident.id, f"no answer for {minutes} min, and nobody else to tell")
        await post_once(chat, incident.channel_id, message, effect, adopting=True)
    details = {"told": told or "nobody: there is no deputy, nobody else on call, and no fallback channel"}
    fact = Fact(type=AuditType.NUDGE_ESCALATED, actor=SYSTEM, details={**details, "ic": incident.ic})

    def decide(incident: Incident) -> Decision | None:
        if incident.reminders.unanswered != waiting:
            return None
        done = waiting.model_copy(update={"escalated": True})
        return Decision(incident.but(reminders=incident.reminders.model_copy(update={"unanswered": done})), [fact])

    await ledger.amend(store, incident.id, decide)


def _secondary(incident: Incident, journal: Mapping[str, StepRecord]) -> str | None:
    """The deputy, or else the next on call who is not the commander."""
    deputy = incident.roles.get(Role.DEPUTY)
    if deputy and deputy != incident.ic:
        return deputy
    resolved = journal.get("resolve_responders")
    found = Responders.model_validate(resolved.result).found if resolved else []
    on_call = (person.slack_id for person in found if person.source is Source.ON_CALL)
    return next((one for one in on_call if one and one != incident.ic), None)
