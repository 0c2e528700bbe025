"""``ports.Store`` in memory: the same conditions, conflicts and limits, no AWS. Held to the same contract test."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from app.domain.audit import AuditEvent
from app.domain.change import Change, StepRecord
from app.domain.draft import Draft
from app.domain.incident import Incident, Status
from app.errors import Conflict, VendorRefused

ITEMS_MAX = 100  # of a transaction
PARTITION_KEY_MAX, SORT_KEY_MAX = 2048, 1024  # bytes
ITEM_MAX = 409_600 - 1_000  # bytes; the rest is for the names of an item's attributes, and its small values

_ORDER = list(Status)


class MemoryStore:
    def __init__(self) -> None:
        self.incidents: dict[str, Incident] = {}
        self.lookups: dict[tuple[str, str], str] = {}
        self.journal: dict[tuple[str, str, str], StepRecord] = {}
        self.texts: dict[tuple[str, str], Draft] = {}
        self.audit: dict[str, list[AuditEvent]] = {}

    async def incident(self, incident_id: str) -> Incident | None:
        return self.incidents.get(incident_id)

    async def incident_of_alert(self, alert_group: str) -> Incident | None:
        return self.incidents.get(self.lookups.get(("ALERT", alert_group), ""))

    async def incident_of_channel(self, channel_id: str) -> Incident | None:
        return self.incidents.get(self.lookups.get(("CHANNEL", channel_id), ""))

    async def incident_together(self, key: str) -> Incident | None:
        return self.incidents.get(self.lookups.get(("TOGETHER", key), ""))

    async def open_incidents(self) -> list[Incident]:
        found = [incident for incident in self.incidents.values() if incident.open]
        return sorted(found, key=lambda incident: (_ORDER.index(incident.status), incident.created_at.isoformat()))

    async def steps(self, incident_id: str, flow: str) -> dict[str, StepRecord]:
        found = self.journal.items()
        return {step: _through_json(record) for (i, f, step), record in found if (i, f) == (incident_id, flow)}

    async def draft(self, incident_id: str, draft_id: str) -> Draft | None:
        return self.texts.get((incident_id, draft_id))

    async def drafts(self, incident_id: str) -> list[Draft]:
        mine = (draft for (owner, _), draft in self.texts.items() if owner == incident_id)
        return sorted(mine, key=lambda draft: (draft.created_at, draft.id))

    async def trail(self, incident_id: str) -> list[AuditEvent]:
        return list(self.audit.get(incident_id, ()))

    async def commit(self, change: Change) -> Incident:
        new, events = change.applied()
        _check_limits(list(_items(change, new, events)))
        self._check(change, events)
        self.incidents[new.id] = new
        self.audit.setdefault(new.id, []).extend(_read_back(event) for event in events)
        for step in change.steps:
            self.journal[new.id, step.flow, step.step] = _through_json(step)
        for write in change.drafts:
            self.texts[new.id, write.draft.id] = write.draft
        for lookup in change.lookups:
            self.lookups[lookup] = new.id
        return new

    def _check(self, change: Change, events: Sequence[AuditEvent]) -> None:
        stored = self.incidents.get(change.incident.id)
        version = stored.version if stored else None
        if version != (None if change.create else change.incident.version):
            raise Conflict(f"incident {change.incident.id} is at version {version}")
        if events and events[0].seq <= len(self.audit.get(change.incident.id, ())):
            raise Conflict(f"incident {change.incident.id} has an event number {events[0].seq}")
        for write in change.drafts:
            draft = self.texts.get((change.incident.id, write.draft.id))
            if (draft.state if draft else None) != write.was:
                raise Conflict(f"draft {write.draft.id} is {draft.state if draft else 'not there'}")
        for lookup in change.lookups:
            owner = self.lookups.get(lookup)
            if owner not in {None, change.incident.id, *change.replaces}:
                raise Conflict(f"{lookup[0]} {lookup[1]} belongs to incident {owner}")


def _items(change: Change, new: Incident, events: Sequence[AuditEvent]) -> Iterator[tuple[str, str, str]]:
    """Partition key, sort key and text of all that the transaction writes, as DynamoDB would hold it."""
    pk = f"INCIDENT#{new.id}"
    yield pk, "META", new.model_dump_json()
    yield from ((pk, f"EVENT#{event.seq:08d}", json.dumps(event.details)) for event in events)
    yield from ((pk, f"STEP#{step.flow}#{step.step}", json.dumps(step.result)) for step in change.steps)
    yield from ((pk, f"DRAFT#{write.draft.id}", write.draft.model_dump_json()) for write in change.drafts)
    yield from ((f"{kind}#{key}", "LOOKUP", new.id) for kind, key in change.lookups)


def _check_limits(items: Sequence[tuple[str, str, str]]) -> None:
    long = any(len(pk.encode()) > PARTITION_KEY_MAX or len(sk.encode()) > SORT_KEY_MAX for pk, sk, _ in items)
    repeated = len({(pk, sk) for pk, sk, _ in items}) < len(items)
    if len(items) > ITEMS_MAX or long or repeated or any(len(text.encode()) > ITEM_MAX for _, _, text in items):
        raise VendorRefused("DynamoDB", "TransactWriteItems", "ValidationException")


def _through_json(step: StepRecord) -> StepRecord:
    """A step's result is kept as text: whoever reads it has a copy of their own, with lists for tuples."""
    return replace(step, result=_json(step.result))


def _read_back(event: AuditEvent) -> AuditEvent:
    return event.model_copy(update={"details": _json(event.details)})


def _json(value: dict[str, Any]) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(value))
    return copy
