"""``ports.Vault`` in memory. Held to the same contract test."""

from __future__ import annotations

from dataclasses import dataclass, field

from app import clock
from app.domain.sweep import Head, Kept


@dataclass
class MemoryVault:
    heads: dict[tuple[str, Head], Kept] = field(default_factory=dict)

    async def keep(self, incident_id: str, head: Head) -> None:
        self.heads[incident_id, head] = Kept(incident_id, head, clock.now())

    async def kept(self) -> list[Kept]:
        return list(self.heads.values())
