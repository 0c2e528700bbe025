"""Who is in the room, who is here, and whom to tell when nobody is.

An invitation in Slack makes people members at once, so being a member is not being here: *here* is who gave a sign of
life in the room. What Slack tells of comings and goings may be late, doubled, lost or in the wrong order, so it is a
reason to look at the room, and no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from app import clock, ledger
from app.domain.audit import AuditType, Fact
from app.domain.change import StepRecord
from app.domain.incident import Incident
from app.domain.people import SYSTEM, Human, Source
from app.domain.policy import Policy
from app.errors import VendorError, VendorRefused
from app.flows import command, unheard
from app.flows.people import Responders
from app.flows.steps import Done, post_once
from app.flows.timers import wake
from app.ledger import Decision
from app.messages import people as messages
from app.ports import Chat, Store, Timers
from app.telemetry import metrics

AT_ONCE = 40  # arrivals in one transaction, which holds a hundred actions; the rest with the next look
_A_MOMENT = timedelta(seconds=10)  # between two looks when a timer was early


async def sign_of_life(store: Store, incident: Incident, human: Human) -> Incident:
    """Whatever somebody does in the room shows that they are here; the first time is recorded."""
    if human.slack_id in incident.seen or incident.archived_at:
        return incident
    now, first = clock.now(), False
    fact = Fact(type=AuditType.RESPONDER_SEEN, actor=human.actor, details={"slack_id": human.slack_id})

    def decide(incident: Incident) -> Decision | None:
        nonlocal first
        first = human.slack_id not in incident.seen and incident.first_seen_at is None
        if human.slack_id in incident.seen:
            return None
        seen = {**incident.seen, human.slack_id: now}
        return Decision(incident.but(seen=seen, first_seen_at=incident.first_seen_at or now), [fact])

    incident = await ledger.amend(store, incident.id, decide)
    if first:
        metrics.first_human((now - incident.alert.at).total_seconds())
    return incident


async def look(store: Store, chat: Chat, timers: Timers, policy: Policy, incident: Incident, cause: str) -> None:
    """Somebody came or went: record what the room shows. If the commander is gone, see to it that there is another, or
    an alarm. ``cause``: of this look; the same one again finishes what an earlier delivery of it began."""
    if incident.channel_id is None or incident.archived_at:
        return
    members, now = await chat.members(incident.channel_id), clock.now()
    incident = await ledger.amend(store, incident.id, lambda fresh: _changes(fresh, members, cause, now))
    if not incident.open or incident.ic_by != cause:
        return
    if incident.ic:
        await command.announce(store, chat, incident)
        return
    await check(store, chat, timers, policy, incident.id, cause)
    await command.announce(store, chat, incident)
    vacant = messages.vacant(incident)
    await post_once(chat, incident.channel_id or "", vacant, f"vacant:{cause}", adopting=True)


def _changes(incident: Incident, members: set[str], cause: str, now: datetime) -> Decision | None:
    came = sorted(members - incident.joined.keys())[:AT_ONCE]
    gone = sorted((incident.joined.keys() | incident.seen.keys()) - members)[:AT_ONCE]
    facts = [_of(AuditType.RESPONDER_JOINED, slack_id) for slack_id in came]
    facts += [_of(AuditType.RESPONDER_LEFT, slack_id) for slack_id in gone]
    changed = incident.but(
        joined={one: at for one, at in incident.joined.items() if one not in gone} | dict.fromkeys(came, now),
        seen={one: at for one, at in incident.seen.items() if one not in gone},
    )
    if incident.open and incident.ic and incident.ic not in members:
        lost = command.lost(changed, members, by=cause)
        return Decision(lost.incident, [*facts, *lost.facts])
    return Decision(changed, facts) if facts else None


def _of(kind: AuditType, slack_id: str) -> Fact:
    return Fact(type=kind, actor=SYSTEM, details={"slack_id": slack_id})


# ---------------------------------------------------------------- nobody is here


async def watch(timers: Timers, incident: Incident, policy: Policy) -> Done:
    """A step of the assembly: from now on people have so long to come, and to take command."""
    since = clock.now()
    await wake(timers, "attendance", "attendance_due", incident.id, since + policy.here_within)
    return Done(result={"since": since.isoformat()})


async def come_back(timers: Timers, incident: Incident, policy: Policy) -> None:
    await wake(timers, "attendance", "attendance_due", incident.id, clock.now() + policy.tell_next_after)


async def check(store: Store, chat: Chat, timers: Timers, policy: Policy, incident_id: str, cause: str) -> None:
    """Is somebody here, and in command? If not, the next person is told outside the room, and then the next, until
    somebody is, or nobody is left to tell and that is said aloud. The timer is set first: what fails after it is done
    when it fires."""
    incident = await ledger.load(store, incident_id)
    if not incident.open or incident.channel_id is None or incident.commanded:
        return
    journal = await store.steps(incident_id, "war_room")
    now = clock.now()
    watched = journal.get("watch_attendance")
    since = datetime.fromisoformat(watched.result["since"]) if watched else incident.created_at
    why, due = _alarm(incident, policy, since)
    if now < due:
        await wake(timers, "attendance", "attendance_due", incident_id, max(due, now + _A_MOMENT))
        return
    untold = _untold(incident, journal, policy)
    if not untold and incident.last_told != cause:
        await unheard.nobody_left(store, chat, policy, incident, why, {})
        return
    await wake(timers, "attendance", "attendance_due", incident_id, now + policy.tell_next_after)
    if incident.last_told != cause:
        await _tell(store, chat, incident, untold, policy, why, cause)


def _alarm(incident: Incident, policy: Policy, since: datetime) -> tuple[str, datetime]:
    """What is wrong, and from when on it is worth an alarm."""
    if incident.ic is None and incident.ic_by:
        return "the incident commander left the room", since
    if not incident.seen:
        return "nobody is here", since + policy.here_within
    return "nobody took command", since + policy.command_within


def _untold(incident: Incident, journal: Mapping[str, StepRecord], policy: Policy) -> list[str]:
    """In the order of the escalation chain, and at last the fallback channel. Who is here, or was given command by us,
    knows already."""
    resolved = journal.get("resolve_responders")
    found = Responders.model_validate(resolved.result).found if resolved else []
    on_call = [person.slack_id for person in found if person.source is Source.ON_CALL]
    known = {*incident.told_outside, *incident.seen, incident.ic}
    return [one for one in [*on_call, policy.fallback_channel] if one and one not in known]


async def _tell(
    store: Store, chat: Chat, incident: Incident, untold: list[str], policy: Policy, why: str, cause: str
) -> None:
    """The first who can be reached. A crash before the record tells them twice: better than not at all. Who is away for
    now is tried again; when all that are left are refused for good, this is the end of the alarm."""
    message = messages.come(incident, await chat.link(incident.channel_id or ""), why)
    failed: dict[str, str] = {}
    away: VendorError | None = None
    for one in untold:
        effect = f"come:{incident.id}:{one}:{cause}"
        try:
            if one == policy.fallback_channel:
                await post_once(chat, one, message, effect, adopting=True)
            else:
                await chat.direct(one, message, effect_id=effect)
        except VendorError as error:
            failed[one] = str(error)
            away = away if isinstance(error, VendorRefused) else error
        else:
            break
    else:
        if away:
            raise away
        await unheard.nobody_left(store, chat, policy, incident, why, failed)
        return
    details = {"told": one, "why": why, "not_reached": failed}
    fact = Fact(type=AuditType.NOBODY_HERE_ESCALATED, actor=SYSTEM, details=details)

    def decide(incident: Incident) -> Decision | None:
        if incident.last_told == cause:
            return None
        told = (*incident.told_outside, *failed, one)
        return Decision(incident.but(told_outside=told, last_told=cause), [fact])

    await ledger.amend(store, incident.id, decide)
