"""``ports.Store`` in memory: the same conditions, the same conflicts, no AWS. Held to the same contract test."""

from __future__ import annotations

from app.domain.audit import AuditEvent
from app.domain.draft import Draft
from app.domain.incident import Incident
from app.errors import Conflict
from app.ports import Change, StepRecord


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

    async def open_incidents(self) -> list[Incident]:
        return [incident for incident in self.incidents.values() if incident.open]

    async def steps(self, incident_id: str, flow: str) -> dict[str, StepRecord]:
        found = self.journal.items()
        return {step: record for (i, f, step), record in found if (i, f) == (incident_id, flow)}

    async def draft(self, incident_id: str, draft_id: str) -> Draft | None:
        return self.texts.get((incident_id, draft_id))

    async def drafts(self, incident_id: str) -> list[Draft]:
        mine = (draft for (owner, _), draft in self.texts.items() if owner == incident_id)
        return sorted(mine, key=lambda draft: (draft.created_at, draft.id))

    async def trail(self, incident_id: str) -> list[AuditEvent]:
        return list(self.audit.get(incident_id, ()))

    async def commit(self, change: Change) -> Incident:
        self._check(change)
        new, events = change.applied()
        self.incidents[new.id] = new
        self.audit.setdefault(new.id, []).extend(events)
        for step in change.steps:
            self.journal[new.id, step.flow, step.step] = step
        for write in change.drafts:
            self.texts[new.id, write.draft.id] = write.draft
        for lookup in change.lookups:
            self.lookups[lookup] = new.id
        return new

    def _check(self, change: Change) -> None:
        stored = self.incidents.get(change.incident.id)
        version = stored.version if stored else None
        if version != (None if change.create else change.incident.version):
            raise Conflict(f"incident {change.incident.id} is at version {version}")
        for write in change.drafts:
            draft = self.texts.get((change.incident.id, write.draft.id))
            if (draft.state if draft else None) != write.was:
                raise Conflict(f"draft {write.draft.id} is {draft.state if draft else 'not there'}")
        for lookup in change.lookups:
            owner = self.lookups.get(lookup)
            if owner not in {None, change.incident.id, change.replaces}:
                raise Conflict(f"{lookup[0]} {lookup[1]} belongs to incident {owner}")
