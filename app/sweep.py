"""``incident-response audit sweep``: every trail there is, looked at as an auditor would (G7). Run daily."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from app import clock
from app.domain.audit import AuditEvent, Export
from app.domain.incident import Incident
from app.domain.sweep import Head, vanished, violations
from app.ports import Vault

_AT_ONCE = 8  # trails that are read side by side


class Trails(Protocol):
    async def incident_ids(self) -> list[str]: ...
    async def incident(self, incident_id: str) -> Incident | None: ...
    async def trail(self, incident_id: str) -> list[AuditEvent]: ...


@dataclass(frozen=True)
class Swept:
    incidents: int
    events: int
    violations: dict[str, list[str]]  # by incident

    @property
    def count(self) -> int:
        return sum(map(len, self.violations.values()))


async def sweep(trails: Trails, vault: Vault, seen: Callable[[int, int], None] = lambda *_: None) -> Swept:
    """``seen`` is told how many of how many trails have been looked at.

    What is archived is read first: what is added to a trail meanwhile comes after it.
    """
    kept = await vault.kept()
    heads: defaultdict[str, list[Head]] = defaultdict(list)
    for one in kept:
        heads[one.incident_id].append(one.head)
    ids = await trails.incident_ids()
    gate, done = asyncio.Semaphore(_AT_ONCE), 0

    async def look(incident_id: str) -> tuple[str, int, Sequence[str]]:
        nonlocal done
        async with gate:
            events, found = await _look(trails, heads[incident_id], incident_id)
        done += 1
        seen(done, len(ids))
        return incident_id, events, found

    looked = await asyncio.gather(*map(look, ids))
    wrong = {incident_id: list(found) for incident_id, _, found in looked if found}
    wrong |= vanished(kept, ids, clock.now())
    return Swept(len(ids), sum(events for _, events, _ in looked), wrong)


async def _look(trails: Trails, heads: Sequence[Head], incident_id: str) -> tuple[int, list[str]]:
    """What is added between the reads is left for the next time; what no commit added is not."""
    incident = await trails.incident(incident_id)
    if incident is None:
        return 0, ["there is a trail, and no incident that it is of"]
    events = await trails.trail(incident_id)
    if events and events[-1].seq > incident.audit_seq:
        after = await trails.incident(incident_id)
        end = after.audit_seq if after else 0
        events = [event for event in events if event.seq <= incident.audit_seq or event.seq > end]
    export = Export(incident_id=incident_id, seq=incident.audit_seq, head=incident.audit_head, events=events)
    return len(events), violations(export, heads)
