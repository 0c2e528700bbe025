"""The four flows of the crash matrix: what happens before, what sets each going, and what is so when it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from app import clock
from app.domain.draft import DraftState
from app.domain.incident import Incident, Status
from app.domain.schedule import schedule_name
from tests.house import House
from tests.office import Office

LEAD = "U0LEAD"
INVITED = 4
_TO_THE_REMINDER_S = 15 * 60 - 40  # from the room's schedule to shortly before it is due

Act = Callable[[Office], Awaitable[None]]
Check = Callable[[House, Incident], Iterator[str]]


@dataclass(frozen=True)
class Flow:
    """``before``: undisturbed. ``act``: what is disturbed at each await, until nothing is left to do.

    ``check``: what does not hold although it should, beside what always should."""

    title: str
    before: Act
    act: Act
    check: Check


# ---------------------------------------------------------------- assembly


async def _nothing(office: Office) -> None:
    return None


async def _assembly(office: Office) -> None:
    await office.fire()
    await office.until(lambda: office.house.store.incidents and incident_of(office.house).status is Status.ACTIVE)
    await office.quiet()


def _assembled(house: House, incident: Incident) -> Iterator[str]:
    if incident.status is not Status.ACTIVE or incident.missing:
        yield f"P-accept: the incident is {incident.status}, without {incident.missing}"
    yield from _recorded(house, incident, WAR_ROOM_ASSEMBLED=1, RESPONDER_INVITED=INVITED, IC_ASSIGNED=1)
    yield from _recorded(house, incident, HEADER_POSTED=1, CHECKLIST_PINNED=1, CONTEXT_POSTED=1, NUDGE_SCHEDULED=1)
    yield from _said(house, "header", "arrivals", "checklist", "context", "assembled")
    yield from _scheduled(house, incident, "nudge", "checklist")


# ---------------------------------------------------------------- approve and publish


async def _drafted(office: Office) -> None:
    await _assembly(office)
    await office.press(LEAD, "take_command")
    await office.quiet()
    await office.command(LEAD, "status draft We look into failing payments.")
    await office.quiet()


async def _publish(office: Office) -> None:
    """Who reads that it was not published presses again."""
    await office.quiet()
    while DraftState.PUBLISHED not in {draft.state for draft in office.house.store.texts.values()}:
        await office.press(LEAD, "approve_statuspage")
        await office.quiet()


def _published(house: House, incident: Incident) -> Iterator[str]:
    if (posts := len([write for write in house.page.writes if write.status < 300])) != 1 or incident.public is None:
        yield f"P-once: {posts} requests made {len(house.page.incidents)} public incidents of one text"
    yield from _recorded(house, incident, STATUSPAGE_PUBLISHED=1)
    for draft in house.store.texts.values():
        if draft.state is not DraftState.PUBLISHED:
            yield f"P-once: the text is {draft.state}"
    yield from _said(house, "draft")
    yield from _scheduled(house, incident, "nudge", "checklist")


# ---------------------------------------------------------------- resolve, wrap-up included


async def _public(office: Office) -> None:
    await _drafted(office)
    await _publish(office)


async def _resolve(office: Office) -> None:
    await office.command(LEAD, "resolve now")
    await office.until(lambda: len(office.house.store.texts) == 2)  # the last word
    await office.quiet()


def _resolved(house: House, incident: Incident) -> Iterator[str]:
    if incident.status is not Status.RESOLVED or incident.postmortem is None:
        yield f"P-accept: the incident is {incident.status}, its postmortem {incident.postmortem}"
    if len(house.linear.issues) != 1:
        yield f"P-once: {len(house.linear.issues)} postmortems"
    yield from _recorded(house, incident, INCIDENT_RESOLVED=1, POSTMORTEM_CREATED=1, RESOLUTION_ANNOUNCED=1)
    yield from _recorded(house, incident, NUDGES_REMOVED=1, RATING_ASKED=1, ARCHIVE_SCHEDULED=1)
    yield from _said(house, "announcement", "rating")
    yield from _scheduled(house, incident, "archive", "rating", "sla")
    states = [draft.state for draft in sorted(house.store.texts.values(), key=lambda draft: draft.created_at)]
    if states != [DraftState.PUBLISHED, DraftState.PENDING_APPROVAL] or len(house.page.writes) != 1:
        yield f"P-gate: the texts are {states}, after {len(house.page.writes)} requests"


# ---------------------------------------------------------------- the reminder


async def _soon_due(office: Office) -> None:
    await _assembly(office)
    await office.press(LEAD, "take_command")
    await office.quiet()
    await clock.sleep(_TO_THE_REMINDER_S)


async def _nudge(office: Office) -> None:
    await office.until(lambda: incident_of(office.house).last_nudge)
    await office.quiet()


def _nudged(house: House, incident: Incident) -> Iterator[str]:
    yield from _recorded(house, incident, NUDGE_SENT=1)
    reminders = [effect for effect in effects(house) if effect.startswith("nudge:")]
    if len(set(reminders)) != 1 or len(reminders) > 2:
        yield f"P-once: reminded by {reminders}"
    yield from _scheduled(house, incident, "nudge", "checklist", "unanswered")


FLOWS = {
    "assembly": Flow("assembly", _nothing, _assembly, _assembled),
    "publish": Flow("approve and publish", _drafted, _publish, _published),
    "resolve": Flow("resolve, wrap-up included", _public, _resolve, _resolved),
    "nudge": Flow("nudge", _soon_due, _nudge, _nudged),
}


# ---------------------------------------------------------------- what one sees


def incident_of(house: House) -> Incident:
    [incident] = house.store.incidents.values()
    return incident


def effects(house: House) -> list[str]:
    """The effect id of every message that we posted, wherever."""
    posts = (post for channel in house.slack.workspace.channels.values() for post in channel.posts)
    return [str(post.metadata["event_payload"]["effect_id"]) for post in posts if post.metadata]


def _recorded(house: House, incident: Incident, **wanted: int) -> Iterator[str]:
    counts = Counter(event.type.value for event in house.store.audit[incident.id])
    for name, times in wanted.items():
        if counts[name] != times:
            yield f"P-audit: {name} is recorded {counts[name]} times, not {times}"


def _said(house: House, *kinds: str) -> Iterator[str]:
    said = Counter(effect.partition(":")[0] for effect in effects(house))
    for kind in kinds:
        if said[kind] != 1:
            yield f"P-once: {kind} was said {said[kind]} times"


def _scheduled(house: House, incident: Incident, *kinds: str) -> Iterator[str]:
    """These, and perhaps the one that looks whether somebody is here: it fires once and is gone."""
    wanted, there = {schedule_name(kind, incident.id) for kind in kinds}, set(house.timers.schedules)
    if there - {schedule_name("attendance", incident.id)} != wanted:
        yield f"P-loud: the schedules are {sorted(there)}, not {sorted(wanted)}"
