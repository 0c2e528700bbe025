"""The promises that hold after any crash, in whatever flow it was. Each finding begins with the promise's name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from app import clock
from app.domain.audit import AuditType, Export
from app.domain.draft import DraftState
from app.domain.incident import Incident
from app.sim import cast
from app.sim.simulation.fold import fold
from tests.house import House
from tests.office import Office
from tests.simulation.crash_flows import Flow, effects

# Given where nothing can be read back: a reminder too many is better than one too few; an answer is each delivery's.
_MAY_REPEAT = ("nudge:", "unanswered:", "promise:", "answer:")
_INVITABLE = {person.slack_id for person in cast.PEOPLE if person.active}
_UNSETTLED = {DraftState.APPROVED, DraftState.UNKNOWN}


def problems(office: Office, flow: Flow) -> list[str]:
    house = office.house
    incidents = list(house.store.incidents.values())
    if len(incidents) != 1:
        return [f"P-accept: {len(incidents)} incidents of one alert"]
    [incident] = incidents
    checks = (
        _lost(office), _once(house), _gate(office), _audit(house, incident), _people(house), _settled(house, incident),
        flow.check(house, incident),
    )  # fmt: skip
    return [found for check in checks for found in check]


def _lost(office: Office) -> Iterator[str]:
    queue = office.house.queue
    if queue.messages:
        yield f"P-accept: still in the queue: {[message.lane for message in queue.messages]}"
    yield from (f"P-accept: {letter.lane} was given up: {letter.reason}" for letter in queue.dead)
    yield from (f"P-loud: {gesture} was never answered" for gesture in office.unanswered())


def _once(house: House) -> Iterator[str]:
    if len(house.rooms) != 1:
        yield f"P-once: the rooms are {[room.name for room in house.rooms]}"
    for effect, times in Counter(effects(house)).items():
        if times > 1 and not effect.startswith(_MAY_REPEAT):
            yield f"P-once: {effect} was said {times} times"
    if len(house.page.incidents) > 1:
        yield f"P-once: {len(house.page.incidents)} public incidents"
    if len(house.linear.issues) > 1:
        yield f"P-once: {len(house.linear.issues)} postmortems"


def _gate(office: Office) -> Iterator[str]:
    house = office.house
    approvals: Counter[str] = Counter()
    for trail in house.store.audit.values():
        for event in trail:
            if event.type is AuditType.STATUSPAGE_DRAFT_APPROVED and event.actor.startswith("slack:"):
                approvals[event.details["sha256"]] += 1
    for sha256, times in Counter(write.sha256 for write in house.page.writes).items():
        if times > approvals[sha256]:
            yield f"P-gate, P-once: a text was sent {times} times on {approvals[sha256]} approvals"
    for life in office.lived:
        yield from _read_back(life.calls)


def _read_back(calls: list[str]) -> Iterator[str]:
    """After the claim: once to see whose it is, once more right before the request."""
    looks = 0
    for call in calls:
        if call == "commit APPROVED":
            looks = 0
        looks += call == "draft"
        if call.startswith(("POST http://page/", "PATCH http://page/")) and looks < 2:
            yield "P-gate: a text was sent without having been read back"


def _audit(house: House, incident: Incident) -> Iterator[str]:
    trail = house.store.audit[incident.id]
    export = Export(incident_id=incident.id, seq=incident.audit_seq, head=incident.audit_head, events=trail)
    yield from (f"P-audit: {problem}" for problem in export.problems())
    folded = fold(trail)
    for name, value in folded.facts.items():
        if getattr(incident, name) != value:
            yield f"P-audit: {name} is {getattr(incident, name)!r}, and the trail says {value!r}"
    drafts = {draft.id: draft.state for draft in house.store.texts.values()}
    if drafts != folded.drafts:
        yield f"P-audit: drafts are {drafts}, and the trail says {folded.drafts}"


def _people(house: House) -> Iterator[str]:
    for room in house.rooms:
        if strangers := room.members - _INVITABLE - {cast.BOT_USER_ID}:
            yield f"P-people: {sorted(strangers)} in the room"


def _settled(house: House, incident: Incident) -> Iterator[str]:
    if incident.lease and incident.lease.until > clock.wall():
        yield f"P-bounded: {incident.lease.flow} is held"
    for draft in house.store.texts.values():
        if draft.state in _UNSETTLED:
            yield f"P-once: a text is {draft.state}"
        room = house.rooms[-1] if house.rooms else None
        shown = room.post(draft.message_ts or "") if room else None
        if shown is None:
            yield f"P-loud: a text is {draft.state} and was never shown"
        elif draft.state is DraftState.PUBLISHED and "approve_statuspage" in str(shown.blocks):
            yield f"P-loud: a text is {draft.state} and still has its buttons"
