"""What must hold when all is over, whatever went wrong on the way. Each checker names the promise that it checks.

They look at what is there (Slack, Statuspage, Linear, the tables, the queues) and at the book of what passed; they know
nothing of the plan and nothing of the faults, but for when a vendor was struck and so could not be told a thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.domain.audit import AuditType, Export
from app.queue.envelope import decode
from app.sim import cast
from app.sim.simulation.check_aftercare import follow_through, heads
from app.sim.simulation.check_answers import loud
from app.sim.simulation.check_command import command
from app.sim.simulation.check_intake import intake
from app.sim.simulation.check_publishing import gate, once
from app.sim.simulation.fold import fold
from app.sim.simulation.house import House

INVITABLE = frozenset(
    p.slack_id for p in cast.PEOPLE if p.active and (p.on_call_now or p.in_directory_group or p.oncall_id)
)


@dataclass(frozen=True, order=True)
class Violation:
    promise: str
    what: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.what}"


Checker = Callable[[House], Iterator[str]]


def check(house: House, unrest: list[str]) -> list[Violation]:
    """``unrest``: what was still going on when time was up."""
    found = {Violation(promise, what) for promise, checker in CHECKERS for what in checker(house)}
    found |= {Violation("quiescence", what) for what in (*unrest, *house.deaths)}
    return sorted(found)


# ---------------------------------------------------------------- P-accept, order


def _accept(house: House) -> Iterator[str]:
    """Every accepted message was worked to its end, or parked with a reason."""
    worked = {entry.detail for entry in house.book.of("worked")}
    for queue in house.queues:
        for message, (_, lane, _) in queue.taken.items():
            fate = queue.fates.get(message, "still in the queue")
            if fate == "deleted" and f"{queue.name} {message}" not in worked:
                yield f"{message} of {lane} was deleted, and nobody worked it"
            elif fate != "deleted" and not fate.startswith("parked: "):
                yield f"{message} of {lane} is {fate}"
        if any(letter.reason is None for letter in queue.dead):
            yield "the queue gave a message up by itself: no reason, nobody told"
    for lane, text in ((lane, text) for _, lane, text in house.events.taken.values() if lane.startswith("alert:")):
        group = lane.removeprefix("alert:")
        if decode(text).event == "alert_firing" and ("ALERT", group) not in house.store.lookups:
            yield f"alert group {group} fired, and there is no incident"


def _order(house: House) -> Iterator[str]:
    """Inside a lane nothing is begun while something before it is not finished."""
    for queue in house.queues:
        places = {message: (number, lane) for number, (message, (_, lane, _)) in enumerate(queue.taken.items())}
        pending: dict[str, list[int]] = {}
        names = list(queue.taken)
        for number, lane in places.values():
            pending.setdefault(lane, []).append(number)
        for entry in house.book.of("work", "sqs"):
            words = entry.detail.split()
            if entry.what == "work" and words[0] == queue.name:
                number, lane = places[words[1]]
                if earlier := [one for one in pending[lane] if one < number]:
                    yield f"{words[1]} of {lane} was begun before {names[earlier[0]]} was finished"
            elif entry.what == "sqs" and words[0] in {"delete", "park"} and len(words) > 1 and queue.has(words[1]):
                number, lane = places[words[1]]
                if number in pending[lane]:
                    pending[lane].remove(number)


# ---------------------------------------------------------------- P-audit


def _audit(house: House) -> Iterator[str]:
    for incident in house.incidents:
        trail = house.store.audit.get(incident.id, [])
        export = Export(incident_id=incident.id, seq=incident.audit_seq, head=incident.audit_head, events=trail)
        yield from (f"{incident.id}: {problem}" for problem in export.problems())
        folded = fold(trail)
        stored = {name: getattr(incident, name) for name in folded.facts}
        for name, value in folded.facts.items():
            if stored[name] != value:
                yield f"{incident.id}: {name} is {stored[name]!r}, and its trail says {value!r}"
        drafts = {draft.id: draft.state for (owner, _), draft in house.store.texts.items() if owner == incident.id}
        if (tasks := {task.id: task.done_at is not None for task in incident.tasks}) != folded.tasks:
            yield f"{incident.id}: tasks are {tasks}, and the trail says {folded.tasks}"
        if drafts != folded.drafts:
            yield f"{incident.id}: drafts are {drafts}, and the trail says {folded.drafts}"


# ---------------------------------------------------------------- P-people


def _people(house: House) -> Iterator[str]:
    asked_for = _named(house)
    for room in house.rooms:
        if strangers := room.members - INVITABLE - asked_for - {cast.BOT_USER_ID}:
            yield f"{', '.join(sorted(strangers))} in {room.name}: on no schedule, in no directory group, not asked for"
    for incident in house.incidents:
        trail = house.store.audit[incident.id]
        told = {event.details["slack_id"] for event in trail if event.type is AuditType.RESPONDER_INVITED}
        gave_up = any(
            event.type is AuditType.STEP_FAILED and event.details["step"].startswith("invite") for event in trail
        )
        room_of = house.slack.workspace.channels.get(incident.channel_id or "")
        # An invitation whose answer was lost, and which nobody could look for: the trail says that it failed.
        if room_of and not gave_up and (unrecorded := room_of.members - told - {cast.BOT_USER_ID}):
            yield f"{', '.join(sorted(unrecorded))} in {room_of.name}, and no invitation on record"


def _named(house: House) -> set[str]:
    """Whom somebody named in a command, by mention or by address."""
    words = " ".join(str(gesture.payload.get("text", "")) for gesture in house.people.gestures)
    named = {one.slack_id for one in cast.PEOPLE if f"<@{one.slack_id}>" in words or one.email in words}
    return named | {incident.declared_by for incident in house.incidents if incident.declared_by}


CHECKERS: tuple[tuple[str, Checker], ...] = (
    ("P-accept", _accept),
    ("order", _order),
    ("P-once", once),
    ("P-once", intake),
    ("P-gate", gate),
    ("P-audit", _audit),
    ("P-people", _people),
    ("command", command),
    ("P-loud", loud),
    ("follow-through", follow_through),
    ("P-audit", heads),
)
