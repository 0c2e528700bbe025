"""What must hold when all is over, whatever went wrong on the way. Each checker names the promise that it checks.

They look at what is there (Slack, Statuspage, Linear, the tables, the queues) and at the book of what passed; they know
nothing of the plan and nothing of the faults, but for when a vendor was struck and so could not be told a thing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from app.domain.audit import AuditType, Export
from app.domain.draft import sha256_of
from app.domain.ids import issue_id
from app.domain.incident import Status, channel_name
from app.queue.envelope import GESTURE, decode
from app.sim import cast
from app.sim.simulation.fold import fold
from app.sim.simulation.house import House
from app.sim.simulation.wires import BookedQueue

INVITABLE = frozenset(p.slack_id for p in cast.PEOPLE if p.active and (p.on_call_now or p.in_directory_group or p.oncall_id))
# A reminder too many is better than one too few, and so with an alarm; an answer is one for each delivery.
_MAY_REPEAT = ("nudge:", "nobody:", "answer:")


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
    for queue in (house.events, house.nudges):
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
    for queue in (house.events, house.nudges):
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


# ---------------------------------------------------------------- P-once


def _once(house: House) -> Iterator[str]:
    rooms = [room.name for room in house.rooms]
    for incident in house.incidents:
        mine = [name for name in rooms if name.startswith(channel_name(incident))]
        if len(mine) > 1:
            yield f"{incident.id} has {len(mine)} rooms: {', '.join(mine)}"
        issues = [issue for issue in house.linear.issues if issue == issue_id(f"postmortem:{incident.id}")]
        wanted = int(incident.archived_at is not None and not incident.drill)
        if len(issues) < wanted:
            yield f"{incident.id} is over and has no postmortem"
        if incident.drill and issues:
            yield f"{incident.id} is a drill and has a postmortem"
    postmortems = {issue_id(f"postmortem:{incident.id}") for incident in house.incidents}
    if strangers := set(house.linear.issues) - postmortems:
        yield f"{len(strangers)} postmortem(s) of nothing"
    yield from _said_once(house)
    yield from _public_once(house)


def _said_once(house: House) -> Iterator[str]:
    said: Counter[tuple[str, str]] = Counter()
    for channel in house.slack.workspace.channels.values():
        for post in channel.posts:
            effect = ((post.metadata or {}).get("event_payload") or {}).get("effect_id", "")
            if effect and not effect.startswith(_MAY_REPEAT):
                said[channel.id, effect] += 1
    yield from (f"{effect} stands {times} times in {where}" for (where, effect), times in said.items() if times > 1)


def _public_once(house: House) -> Iterator[str]:
    owners = Counter(_commander(public)["incident_id"] for public in house.statuspage.incidents.values())
    yield from (f"{owner} has {count} public incidents" for owner, count in owners.items() if count > 1)
    done = Counter(write.sha256 for write in house.statuspage.writes if write.status < 300)
    yield from (f"text {digest[:12]} was published {count} times" for digest, count in done.items() if count > 1)
    approvals = Counter(
        event.details["sha256"]
        for trail in house.store.audit.values()
        for event in trail
        if event.type is AuditType.STATUSPAGE_DRAFT_APPROVED
    )
    for digest, count in Counter(write.sha256 for write in house.statuspage.writes).items():
        if count > approvals[digest]:
            yield f"text {digest[:12]} was sent {count} times on {approvals[digest]} approval(s)"


def _commander(public: dict[str, Any]) -> dict[str, str]:
    found = public["metadata"].get("commander", {})
    return {"incident_id": found.get("incident_id", "nobody's")}


# ---------------------------------------------------------------- P-gate


def _gate(house: House) -> Iterator[str]:
    """Every body that reached Statuspage was approved before, in exactly these bytes, by whoever might."""
    for write in house.statuspage.writes:
        yield from _approved(house, write.sha256, datetime.fromisoformat(write.at))
    yield from _read_back(house)
    for incident in house.incidents:
        if incident.drill and any(
            _commander(public)["incident_id"] == incident.id for public in house.statuspage.incidents.values()
        ):
            yield f"{incident.id} is a drill, and customers were told"


def _approved(house: House, digest: str, at: datetime) -> Iterator[str]:
    texts = [draft for draft in house.store.texts.values() if draft.sha256 == digest]
    if len(texts) != 1 or sha256_of(texts[0].wire) != digest:
        yield f"text {digest[:12]} was sent, and is not what any draft says"
        return
    [text] = texts
    commander, approver = None, None
    for event in house.store.audit[text.incident_id]:
        if event.type is AuditType.IC_ASSIGNED:
            commander = event.details["ic"]
        elif event.type is AuditType.STATUSPAGE_DRAFT_APPROVED and event.details["sha256"] == digest and event.at <= at:
            approver = event.actor
            if event.actor != f"slack:{commander}":
                yield f"text {digest[:12]} was approved by {event.actor} while {commander} had command"
    if approver is None:
        yield f"text {digest[:12]} was sent without an approval before it"
    elif house.policy.four_eyes and approver == text.author:
        yield f"text {digest[:12]} was approved by its own author {approver}"
    elif not _clicked(house, approver.removeprefix("slack:"), digest):
        yield f"{approver} never pressed Approve for text {digest[:12]}"


def _clicked(house: House, user: str, digest: str) -> bool:
    return any(
        gesture.user == user
        and any(
            one["action_id"] == "approve_statuspage" and digest in one.get("value", "")
            for one in gesture.payload.get("actions", ())
        )
        for gesture in house.people.gestures
    )


def _read_back(house: House) -> Iterator[str]:
    """Once the claim is known to be ours, the draft is read again, and found approved, before the one request."""
    for post in (one for one in house.book.of("statuspage") if one.detail.startswith("->") and "sha256=" in one.detail):
        digest = post.detail.rpartition("sha256=")[2]
        draft = next((draft.id for draft in house.store.texts.values() if draft.sha256 == digest), "")
        reads = 0
        for entry in house.book.of("dynamodb", "statuspage"):
            if entry is post:
                break
            if entry.who == post.who and entry.detail.startswith("commit ") and f"{draft}=APPROVED" in entry.detail:
                reads = 0
            elif entry.who == post.who and entry.detail == f"draft {draft} APPROVED":
                reads += 1
        if reads < 2:
            yield f"text {digest[:12]} was sent without having been read back"


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
        if drafts != folded.drafts:
            yield f"{incident.id}: drafts are {drafts}, and the trail says {folded.drafts}"


# ---------------------------------------------------------------- P-people


def _people(house: House) -> Iterator[str]:
    for room in house.rooms:
        if strangers := room.members - INVITABLE - {cast.BOT_USER_ID}:
            yield f"{', '.join(sorted(strangers))} in {room.name}: on no schedule, in no directory group"
    for incident in house.incidents:
        told = {e.details["slack_id"] for e in house.store.audit[incident.id] if e.type is AuditType.RESPONDER_INVITED}
        room_of = house.slack.workspace.channels.get(incident.channel_id or "")
        if room_of and (unrecorded := room_of.members - told - {cast.BOT_USER_ID}):
            yield f"{', '.join(sorted(unrecorded))} in {room_of.name}, and no invitation on record"


# ---------------------------------------------------------------- P-loud


def _loud(house: House) -> Iterator[str]:
    for gesture in house.people.gestures:
        if gesture.outcome in {"lost", "late", "pending"} and not gesture.shown:
            yield f"{gesture.user} was told nothing: their gesture was {gesture.outcome}"
    for message, (at, lane, text) in house.events.taken.items():
        if decode(text).kind == GESTURE and not _answered(house, message, at, text):
            yield f"the gesture {message} of {lane} was never answered"
    for queue in (house.events, house.nudges):
        for message, fate in queue.fates.items():
            if fate.startswith("parked: ") and not _told_of(house, queue, message):
                yield f"{message} was parked ({fate[8:90]}), and nobody was told"


def _answered(house: House, message: str, at: float, text: str) -> bool:
    form = parse_qs(decode(text).body)
    trigger = form.get("trigger_id", [""])[0]
    gesture = next(one for one in house.people.gestures if (trigger or "x") in str(one.payload) or _same(one.payload, form))
    url = str(gesture.payload.get("response_url", "")).rpartition("/")[2]
    workspace = house.slack.workspace
    if url and workspace.response_urls[url].uses:
        return True
    if any(modal.user == gesture.user for modal in workspace.modals.values()) and "edit_statuspage" in str(gesture.payload):
        return True
    effects = [
        str((post.metadata or {}).get("event_payload"))
        for channel in workspace.channels.values()
        if channel.with_user == gesture.user
        for post in channel.posts
    ]
    return any(f"answer:{message}:" in effect for effect in effects) or _struck_after(house, "slack", at)


def _same(payload: dict[str, Any], form: dict[str, list[str]]) -> bool:
    return bool(payload.get("trigger_id")) and payload["trigger_id"] in form.get("payload", [""])[0]


def _told_of(house: House, queue: BookedQueue, message: str) -> bool:
    at, _, text = queue.taken[message]
    if decode(text).kind == GESTURE:
        return True  # answered or not: the other check
    posts = (post for channel in house.slack.workspace.channels.values() for post in channel.posts)
    return any(f"parked:{message}" in str(post.metadata) for post in posts) or _struck_after(house, "slack", at)


def _struck_after(house: House, vendor: str, at: float) -> bool:
    """Whoever could not be reached cannot be told."""
    return any(entry.at >= at and entry.detail.endswith("(struck)") for entry in house.book.of(vendor))


CHECKERS: tuple[tuple[str, Checker], ...] = (
    ("P-accept", _accept),
    ("order", _order),
    ("P-once", _once),
    ("P-gate", _gate),
    ("P-audit", _audit),
    ("P-people", _people),
    ("P-loud", _loud),
)
_ = Status
