"""Silence, snooze, resume: what the commander decides about the reminders.

The schedule first, then the record, then the room: nobody hears that something is so before it is (S2).
"""

from __future__ import annotations

from datetime import timedelta

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.domain.incident import Incident
from app.domain.people import Human
from app.domain.policy import Policy
from app.domain.schedule import schedule_name
from app.errors import Refused
from app.flows import command, nudges
from app.flows.steps import post_once
from app.ledger import Decision
from app.messages import cadence as messages
from app.messages.message import Message, say
from app.messages.room import slack_time
from app.ports import Chat, Store, Timers


async def silence(store: Store, timers: Timers, chat: Chat, incident: Incident, human: Human, by: str) -> Message:
    await _demand(store, incident, human, "silence its reminders")
    already = incident.nudges_silenced
    if not already and not await timers.silence(schedule_name("nudge", incident.id)):
        raise Refused("There are no reminders to silence: none is scheduled for this incident.")

    def decide(incident: Incident) -> Decision | None:
        if incident.nudges_silenced or not incident.open:
            return None
        reminders = incident.reminders.model_copy(update={"set_by": by, "snoozed_until": None, "unanswered": None})
        fact = Fact(type=AuditType.NUDGES_SILENCED, actor=human.actor)
        return Decision(incident.but(nudges_silenced=True, reminders=reminders), [fact])

    incident = await ledger.amend(store, incident.id, decide)
    if incident.channel_id and incident.reminders.set_by == by:
        message = messages.silenced(incident, human.slack_id)
        await post_once(chat, incident.channel_id, message, f"silenced:{by}", adopting=True)
    return say("Reminders were off already." if already else "Reminders are off for this incident.")


async def snooze(
    store: Store, timers: Timers, policy: Policy, incident: Incident, human: Human, minutes: int, by: str
) -> Message:
    await _demand(store, incident, human, "snooze its reminders")
    if incident.nudges_silenced:
        raise Refused("Reminders are off for this incident. *Resume* them first: `/incident-response resume`.")
    until = clock.now() + timedelta(minutes=minutes)
    if incident.reminders.set_by == by and incident.reminders.snoozed_until:
        until = incident.reminders.snoozed_until  # as it was said the first time
    await nudges.schedule(timers, incident, policy, first=until)

    def decide(incident: Incident) -> Decision | None:
        if incident.reminders.set_by == by or incident.nudges_silenced or not incident.open:
            return None
        reminders = incident.reminders.model_copy(update={"set_by": by, "snoozed_until": until, "unanswered": None})
        details = {"until": until.isoformat(), "minutes": minutes}
        return Decision(
            incident.but(reminders=reminders),
            [Fact(type=AuditType.NUDGES_SNOOZED, actor=human.actor, details=details)],
        )

    incident = await ledger.amend(store, incident.id, decide)
    if incident.nudges_silenced:  # meanwhile: then what was just scheduled is not to fire either
        await timers.silence(schedule_name("nudge", incident.id))
        return say("Reminders are off for this incident.")
    return say(f"The next reminder comes {slack_time(until)} at the earliest.")


async def resume(
    store: Store, timers: Timers, chat: Chat, policy: Policy, incident: Incident, human: Human, by: str
) -> Message:
    await _demand(store, incident, human, "resume its reminders")
    if not incident.nudges_silenced and not incident.reminders.snoozed_until and incident.reminders.set_by != by:
        return say("Reminders are on already.")
    first = await nudges.schedule(timers, incident, policy, first=clock.now() + policy.update_every(incident.severity))

    def decide(incident: Incident) -> Decision | None:
        if incident.reminders.set_by == by or not incident.open:
            return None
        reminders = incident.reminders.model_copy(update={"set_by": by, "snoozed_until": None, "unanswered": None})
        fact = Fact(type=AuditType.NUDGES_RESUMED, actor=human.actor)
        return Decision(incident.but(nudges_silenced=False, reminders=reminders), [fact])

    incident = await ledger.amend(store, incident.id, decide)
    if incident.channel_id and incident.reminders.set_by == by:
        await post_once(chat, incident.channel_id, messages.resumed(human.slack_id), f"resumed:{by}", adopting=True)
    return say(f"Reminders are on again; the first comes {slack_time(first)}.")


async def _demand(store: Store, incident: Incident, human: Human, to_do: str) -> None:
    await command.demand(store, incident, human, to_do)
    if not incident.open:
        raise Refused("This incident is over: nobody is reminded of it any more.")
