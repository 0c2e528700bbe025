"""What an incident needs, and by when. What is a fact ticks itself; what is judgement, a person ticks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from app.domain.draft import Draft, DraftState
from app.domain.incident import Incident, Status


class Since(Enum):
    """What an item's time is counted from."""

    ALERT = auto()
    RESOLUTION = auto()


@dataclass(frozen=True)
class Item:
    name: str
    what: str
    due: timedelta
    since: Since = Since.ALERT
    button: str = ""  # of an item that is a matter of judgement; facts have none


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


CHECKLIST: tuple[Item, ...] = (
    Item("room", "War room assembled", _minutes(5)),
    Item("command", "Somebody has command (*Take command*)", _minutes(5)),
    Item("impact", "It is known who is hit, and how badly", _minutes(15), button="Impact known"),
    Item("drafted", "A text for customers is drafted (`/incident-response status draft`)", _minutes(15)),
    Item("published", "Customers are told (*Approve & Publish*)", _minutes(30)),
    Item("inside", "Support and management know", _minutes(30), button="Told inside"),
    Item("plan", "It is decided how the impact is to be ended", _minutes(30), button="Plan made"),
    Item("mitigated", "The impact has ended (`/incident-response mitigated`)", _minutes(60)),
    Item("page", "The status page is not left open", _minutes(30), Since.RESOLUTION),
    Item("postmortem", "The postmortem draft is filed (by itself, after *resolve*)", _minutes(15), Since.RESOLUTION),
)
_NOT_IN_A_DRILL = {"published", "postmortem"}  # nothing of it leaves the house (S9)
_ASSEMBLING = {Status.ALERT_RECEIVED, Status.ROOM_ASSEMBLING}
_FACTS: Mapping[str, Callable[[Incident, Sequence[Draft]], bool]] = {
    "room": lambda incident, _: incident.status not in _ASSEMBLING,
    "command": lambda incident, _: incident.commanded,
    "drafted": lambda _, drafts: bool(drafts),
    "published": lambda _, drafts: any(draft.state is DraftState.PUBLISHED for draft in drafts),
    "mitigated": lambda incident, _: incident.status in {Status.MITIGATED, Status.RESOLVED},
    "page": lambda incident, _: not incident.public_open,
    "postmortem": lambda incident, _: incident.postmortem is not None,
}
JUDGED: Mapping[str, Item] = {item.name: item for item in CHECKLIST if item.button}


@dataclass(frozen=True)
class Entry:
    """How one item stands. ``due``: None while nothing counts towards it; ``by``: the Slack id of who ticked it."""

    item: Item
    done: bool
    due: datetime | None
    by: str | None = None

    def overdue(self, now: datetime) -> bool:
        return not self.done and self.due is not None and self.due <= now


def entries(incident: Incident, drafts: Sequence[Draft]) -> list[Entry]:
    items = [item for item in CHECKLIST if not (incident.drill and item.name in _NOT_IN_A_DRILL)]
    return [_entry(item, incident, drafts) for item in items]


def next_due(incident: Incident, drafts: Sequence[Draft], now: datetime) -> datetime | None:
    """When the next item will be overdue; None: none will."""
    due = [entry.due for entry in entries(incident, drafts) if not entry.done and entry.due and entry.due > now]
    return min(due, default=None)


def _entry(item: Item, incident: Incident, drafts: Sequence[Draft]) -> Entry:
    fact = _FACTS.get(item.name)
    by = incident.ticks.get(item.name)
    done = fact(incident, drafts) if fact else by is not None
    # What was to be done during the incident is no more overdue after it: it was not done.
    start = incident.resolved_at if item.since is Since.RESOLUTION else incident.alert.at if incident.open else None
    return Entry(item, done, start + item.due if start else None, by)
