"""No bucket was given: nothing is archived, and the doctor says so."""

from __future__ import annotations

from app.domain.sweep import Head, Kept


class NoVault:
    """``ports.Vault``."""

    async def keep(self, incident_id: str, head: Head) -> None:
        pass

    async def kept(self) -> list[Kept]:
        return []
