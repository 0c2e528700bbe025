"""Statuspage, read only: what customers see now. The way to write is behind the door (P-gate)."""

from __future__ import annotations

from typing import Any

from app.outbound import Client, Transport

_PAGE = 100  # Statuspage: default and most of one page


class StatuspageRead:
    """A ``ports.PublicPage``."""

    def __init__(self, api_url: str, api_key: str, page_id: str, *, transport: Transport | None = None) -> None:
        self._http = Client("Statuspage", api_url, headers={"Authorization": f"OAuth {api_key}"}, transport=transport)
        self._incidents = f"pages/{page_id}/incidents"

    async def find(self, draft_id: str) -> dict[str, Any] | None:
        """Unresolved ones first: almost always there. The marker is compared here, since no search looks at metadata.

        An update overwrites the marker, so the draft that is found is the last one that was posted to its incident.
        """
        for path, size in ((f"{self._incidents}/unresolved", "per_page"), (self._incidents, "limit")):
            answer = await self._http.get(path, operation="find incident", params={size: _PAGE, "page": 1})
            for incident in answer.json():
                if _marker(incident) == draft_id:
                    return dict(incident)
        return None

    async def aclose(self) -> None:
        await self._http.aclose()


def _marker(incident: dict[str, Any]) -> str | None:
    """Others write metadata too, in whatever shape they like."""
    commander = (incident.get("metadata") or {}).get("commander")
    return commander.get("draft_id") if isinstance(commander, dict) else None
