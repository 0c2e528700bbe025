"""P-once and P-gate: what stands in the rooms, on the page and in Linear, and by whose word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from app.domain.audit import AuditType
from app.domain.draft import sha256_of
from app.domain.ids import issue_id
from app.domain.incident import Incident, channel_name
from app.sim.simulation.house import House

# A reminder too many is better than one too few, and so with an alarm, and with an offer of command, whose buttons are
# as good the second time; an answer is one for each delivery.
_MAY_REPEAT = ("nudge:", "unanswered:", "promise:", "nobody:", "offer:", "answer:")
_MAY_REPEAT_IN_PRIVATE = ("come:",)  # the alarm that nobody is here; in a channel it is read back, and stands once


def once(house: House) -> Iterator[str]:
    rooms = [room.name for room in house.rooms]
    for incident in house.incidents:
        mine = [name for name in rooms if name.startswith(channel_name(incident))]
        if len(mine) > 1:
            yield f"{incident.id} has {len(mine)} rooms: {', '.join(mine)}"
        issues = [issue for issue in house.linear.issues if issue in _postmortems(incident)[-1:]]
        wanted = int(incident.archived_at is not None and not incident.drill)
        if len(issues) < wanted:
            yield f"{incident.id} is over and has no postmortem"
        if incident.archived_at and not incident.drill:
            unfiled = [task for task in incident.tasks if task.done_at is None and not task.filed_as]
            yield from (f"{incident.id} is over, and its task {task.id} is filed nowhere" for task in unfiled)
        if incident.drill and set(house.linear.issues) & set(_postmortems(incident)):
            yield f"{incident.id} is a drill and has a postmortem"
    known = {issue for incident in house.incidents for issue in _postmortems(incident)}
    known |= {issue_id(f"task:{incident.id}:{task.id}") for incident in house.incidents for task in incident.tasks}
    if strangers := set(house.linear.issues) - known:
        yield f"{len(strangers)} issue(s) of nothing"
    yield from _said_once(house)
    yield from _public_once(house)


def _postmortems(incident: Incident) -> list[str]:
    """One for each resolution: an incident that was re-opened has been resolved more than once."""
    again = ["", *(f"-{number}" for number in range(2, incident.reopened + 2))]
    return [issue_id(f"postmortem:{incident.id}{one}") for one in again]


def _said_once(house: House) -> Iterator[str]:
    said: Counter[tuple[str, str]] = Counter()
    for channel in house.slack.workspace.channels.values():
        for post in channel.posts:
            effect = ((post.metadata or {}).get("event_payload") or {}).get("effect_id", "")
            if channel.with_user and effect.startswith(_MAY_REPEAT_IN_PRIVATE):
                continue
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


def gate(house: House) -> Iterator[str]:
    """Every body that reached Statuspage was approved before, in exactly these bytes, by whoever might."""
    for write in house.statuspage.writes:
        yield from _approved(house, write.sha256)
    yield from _in_order(house)
    yield from _put_back(house)
    for incident in house.incidents:
        if incident.drill and any(
            _commander(public)["incident_id"] == incident.id for public in house.statuspage.incidents.values()
        ):
            yield f"{incident.id} is a drill, and customers were told"


def _approved(house: House, digest: str) -> Iterator[str]:
    texts = [draft for draft in house.store.texts.values() if draft.sha256 == digest]
    if len(texts) != 1 or sha256_of(texts[0].wire) != digest:
        yield f"text {digest[:12]} was sent, and is not what any draft says"
        return
    [text] = texts
    commander, approver = None, None
    for event in house.store.audit[text.incident_id]:
        if event.type is AuditType.IC_ASSIGNED:
            commander = event.details["ic"]
        elif event.type is AuditType.STATUSPAGE_DRAFT_APPROVED and event.details["sha256"] == digest:
            approver = event.actor
            if event.actor not in {f"slack:{commander}", *_group(house)}:
                yield f"text {digest[:12]} was approved by {event.actor} while {commander} had command"
    if approver is None:
        yield f"text {digest[:12]} was sent, and nobody approved it"
    elif house.policy.four_eyes and approver == text.author:
        yield f"text {digest[:12]} was approved by its own author {approver}"
    elif text.approved_at is None or text.approved_at >= text.valid_until:
        yield f"text {digest[:12]} was approved when it was too old"
    elif not _clicked(house, approver.removeprefix("slack:"), digest):
        yield f"{approver} never pressed Approve for text {digest[:12]}"


def _group(house: House) -> set[str]:
    group = house.policy.approver_group
    return {f"slack:{one}" for one in house.slack.workspace.usergroups[group]} if group else set()


def _put_back(house: House) -> Iterator[str]:
    """Whoever reads *resolved* finds each component as it was before we touched it."""
    for incident in house.incidents:
        texts = [
            one for one in house.store.texts.values() if one.incident_id == incident.id and one.state == "PUBLISHED"
        ]
        texts.sort(key=lambda one: one.approved_at or one.created_at)
        now = {change.name: change.after.value for one in texts for change in one.text.components}
        if texts and texts[-1].text.status.value == "resolved":
            first = {change.name: change.before for one in reversed(texts) for change in one.text.components}
            left = [name for name, status in now.items() if status not in {"operational", first[name]}]
            yield from (f"{incident.id} reads resolved, and left {name} broken" for name in left)


def _clicked(house: House, user: str, digest: str) -> bool:
    return any(
        gesture.user == user
        and any(
            one["action_id"] == "approve_statuspage" and digest in one.get("value", "")
            for one in gesture.payload.get("actions", ())
        )
        for gesture in house.people.gestures
    )


def _in_order(house: House) -> Iterator[str]:
    """By the book, since clocks differ: the approval is stored; the draft is read to see whose claim it is; it is read
    again, and found approved; then, and by the same processor, the one request goes out."""
    for post in (one for one in house.book.of("statuspage") if one.detail.startswith("->") and "sha256=" in one.detail):
        digest = post.detail.rpartition("sha256=")[2]
        draft = next((draft.id for draft in house.store.texts.values() if draft.sha256 == digest), "")
        reads, approved = 0, False
        for entry in house.book.of("dynamodb", "statuspage"):
            if entry is post:
                break
            if entry.who == post.who and entry.detail.startswith("commit ") and f"{draft}=APPROVED" in entry.detail:
                reads, approved = 0, True
            elif entry.who == post.who and entry.detail == f"draft {draft} APPROVED":
                reads += 1
        if not approved:
            yield f"text {digest[:12]} was sent without an approval before it"
        elif reads < 2:
            yield f"text {digest[:12]} was sent without having been read back"
