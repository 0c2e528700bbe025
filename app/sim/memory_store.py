"""``ports.Store`` in memory: the same conditions, conflicts and limits, no AWS. Held to the same contract test."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from app import clock
from app.domain.audit import AuditEvent
from app.domain.change import Change, StepRecord
from app.domain.draft import Draft
from app.domain.incident import Incident, Status
from app.effects.dynamodb.items import ITEM_MAX, TTL_S, too_large
from app.errors import Conflict, TrailBroken, VendorRefused

ITEMS_MAX = 100  # of a transaction
PARTITION_KEY_MAX, SORT_KEY_MAX = 2048, 1024  # bytes
_SMALL = 500  # bytes of an item for the names of its attributes, and its small values

_ORDER = list(Status)


class MemoryStore:
    """``ports.Store`` and ``Marks``. What has expired is gone at once; DynamoDB takes days, and hides it."""

    def __init__(self) -> None:
        self.incidents: dict[str, Incident] = {}
        self.lookups: dict[tuple[str, str], str] = {}
        self.journal: dict[tuple[str, str, str], StepRecord] = {}
        self.texts: dict[tuple[str, str], Draft] = {}
        self.audit: dict[str, list[AuditEvent]] = {}
        self._marks: dict[str, int] = {}
        self._expiry: dict[tuple[str, Any], float] = {}  # by the table here, and the key in it
        self._first_expiry = float("inf")

    async def incident(self, incident_id: str) -> Incident | None:
        self._expire()
        return self.incidents.get(incident_id)

    async def incident_of_alert(self, alert_group: str) -> Incident | None:
        return await self._looked_up("ALERT", alert_group)

    async def incident_of_channel(self, channel_id: str) -> Incident | None:
        return await self._looked_up("CHANNEL", channel_id)

    async def incident_together(self, key: str) -> Incident | None:
        return await self._looked_up("TOGETHER", key)

    async def open_incidents(self) -> list[Incident]:
        self._expire()
        found = [incident for incident in self.incidents.values() if incident.open]
        return sorted(found, key=lambda incident: (_ORDER.index(incident.status), incident.created_at.isoformat()))

    async def steps(self, incident_id: str, flow: str) -> dict[str, StepRecord]:
        self._expire()
        found = self.journal.items()
        return {step: _through_json(record) for (i, f, step), record in found if (i, f) == (incident_id, flow)}

    async def draft(self, incident_id: str, draft_id: str) -> Draft | None:
        self._expire()
        return self.texts.get((incident_id, draft_id))

    async def drafts(self, incident_id: str) -> list[Draft]:
        self._expire()
        mine = (draft for (owner, _), draft in self.texts.items() if owner == incident_id)
        return sorted(mine, key=lambda draft: (draft.created_at, draft.id))

    async def trail(self, incident_id: str) -> list[AuditEvent]:
        self._expire()
        return list(self.audit.get(incident_id, ()))

    async def begun(self, message: str) -> int:
        return self._marks.get(message, 0)

    async def mark(self, message: str, times: int) -> None:
        self._marks[message] = times

    async def commit(self, change: Change) -> Incident:
        new, events = change.applied()
        _check_limits(list(_items(change, new, events)))
        self._expire()
        self._check(change, events)
        self.incidents[new.id] = new
        self.audit.setdefault(new.id, []).extend(_read_back(event) for event in events)
        for step in change.steps:
            self.journal[new.id, step.flow, step.step] = _through_json(step)
        for write in change.drafts:
            self.texts[new.id, write.draft.id] = write.draft
        for lookup in change.lookups:
            self.lookups[lookup] = new.id
        self._keep(change, new, events)
        return new

    async def _looked_up(self, kind: str, key: str) -> Incident | None:
        self._expire()
        return self.incidents.get(self.lookups.get((kind, key), ""))

    def _keep(self, change: Change, new: Incident, events: Sequence[AuditEvent]) -> None:
        until = int(change.at.timestamp()) + TTL_S
        self._expiry |= {("incidents", new.id): until}
        self._expiry |= {("audit", (new.id, event.seq)): until for event in events}
        self._expiry |= {("journal", (new.id, step.flow, step.step)): until for step in change.steps}
        self._expiry |= {("texts", (new.id, write.draft.id)): until for write in change.drafts}
        self._expiry |= {("lookups", lookup): until for lookup in change.lookups}
        self._first_expiry = min(self._first_expiry, until)

    def _expire(self) -> None:
        now = int(clock.now().timestamp())
        if now < self._first_expiry:
            return
        tables: dict[str, dict[Any, Any]] = {
            "incidents": self.incidents, "journal": self.journal, "texts": self.texts, "lookups": self.lookups,
        }  # fmt: skip
        for table, key in [one for one, until in self._expiry.items() if until <= now]:
            del self._expiry[table, key]
            if table == "audit":
                self.audit[key[0]] = [event for event in self.audit[key[0]] if event.seq != key[1]]
            else:
                tables[table].pop(key, None)
        self._first_expiry = min(self._expiry.values(), default=float("inf"))

    def _check(self, change: Change, events: Sequence[AuditEvent]) -> None:
        stored = self.incidents.get(change.incident.id)
        version = stored.version if stored else None
        if version != (None if change.create else change.incident.version):
            raise Conflict(f"incident {change.incident.id} is at version {version}")
        there = {event.seq for event in self.audit.get(change.incident.id, ())}
        if taken := there & {event.seq for event in events}:
            raise TrailBroken(change.incident.id, f"EVENT#{min(taken):08d}")
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
    for pk, sk, text in items:
        if (size := len(text.encode()) + _SMALL) > ITEM_MAX:
            raise too_large(f"{pk} {sk}", size)
    if len(items) > ITEMS_MAX or long or repeated:
        raise VendorRefused("DynamoDB", "TransactWriteItems", "ValidationException")


def _through_json(step: StepRecord) -> StepRecord:
    """A step's result is kept as text: whoever reads it has a copy of their own, with lists for tuples."""
    return replace(step, result=_json(step.result))


def _read_back(event: AuditEvent) -> AuditEvent:
    return event.model_copy(update={"details": _json(event.details)})


def _json(value: dict[str, Any]) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(value))
    return copy
