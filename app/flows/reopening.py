"""It fired again before long: the same incident goes on, in the same room, and is resolved anew some time."""

from __future__ import annotations

from app import clock, ledger
from app.domain.alert import Alert
from app.domain.audit import AuditType, Fact
from app.domain.cadence import Reminders
from app.domain.incident import Incident, Status
from app.domain.people import SYSTEM
from app.domain.policy import Policy
from app.domain.schedule import schedule_name
from app.errors import Busy, Conflict
from app.flows import attendance, checklist, header, nudges
from app.flows.steps import post_once
from app.ledger import Decision
from app.messages import alerts as messages
from app.ports import Chat, Store, Timers

_OF_THE_END = ("archive", "wrap-up")  # kinds of schedules that a resolution leaves behind, each its own


async def possible(store: Store, policy: Policy, incident: Incident) -> bool:
    """Inside the grace window, and with a room that was finished once and is there still."""
    if incident.channel_id is None or incident.archived_at or incident.resolved_at is None:
        return False
    if clock.now() - incident.resolved_at > policy.grace:
        return False
    return "post_assembled" in await store.steps(incident.id, "war_room")


async def reopen(store: Store, policy: Policy, incident_id: str, alert: Alert) -> Incident:
    """Raises ``Busy`` while the end of it is being worked: what that does is done before this undoes it. Whoever stood
    still at it for longer than a lease is fenced off."""
    now = policy.severity_of(alert.labels)

    def decide(incident: Incident) -> Decision | None:
        if incident.status is not Status.RESOLVED or incident.archived_at:
            raise Conflict(f"incident {incident_id} is {incident.status} by now")
        if incident.lease and incident.lease.until > clock.wall():
            raise Busy(f"the end of {incident_id} is being worked", after=2.0)
        again = incident.hearing(alert, now).to(
            Status.ACTIVE,
            resolved_at=None,
            resolved_by=None,
            resolve_at=None,
            mitigated_at=None,
            postmortem=None,
            postmortem_checked_at=None,
            nudges_silenced=False,
            reminders=Reminders(),
            schedules=(schedule_name("nudge", incident_id),),
            seen={},  # whoever was here then need not be here now: nobody is, until they show it
            ic_by="",
            told_outside=(),
            unheard_at=None,
            reopened=incident.reopened + 1,
            reopened_by=alert.key,
            attempts={name: attempt + 1 for name, attempt in incident.attempts.items()},
        )
        details = {"alert_group": alert.alert_group, "event": alert.event.value, "at": alert.at.isoformat()}
        return Decision(again, [Fact(type=AuditType.INCIDENT_REOPENED, actor=SYSTEM, details=details)])

    return await ledger.amend(store, incident_id, decide)


async def follow(store: Store, chat: Chat, timers: Timers, policy: Policy, incident: Incident) -> None:
    """Reminders are back, what the first end scheduled is off, and the room knows. Twice is once."""
    await nudges.schedule(timers, incident, policy)
    await attendance.watch(timers, incident, policy)
    ended = incident.but(reopened=incident.reopened - 1)
    for kind in _OF_THE_END:
        await timers.remove(schedule_name(f"{kind}{ended.again}", incident.id))
    await header.refresh(store, chat, incident.id)
    await checklist.refresh(store, chat, incident.id)
    await checklist.watch(store, timers, incident.id)
    message = messages.reopened(incident)
    await post_once(chat, incident.channel_id or "", message, f"reopened:{incident.reopened_by}", adopting=True)
