"""Statuspage, read only: what customers see now. The way to write is behind the door (P-gate)."""

from __future__ import annotations

from typing import Any

from app import clock
from app.domain.component import Component
from app.outbound import Client, Transport, read_json

_PAGE = 100  # Statuspage: default and most of one page
_PAGES_MAX = 5
_KNOWN_S = 60.0  # what the page lists seldom changes, and a request a second is all that Statuspage allows


class StatuspageRead:
    """A ``ports.PublicPage``."""

    def __init__(self, api_url: str, api_key: str, page_id: str, *, transport: Transport | None = None) -> None:
        self._http = Client("Statuspage", api_url, headers={"Authorization": f"OAuth {api_key}"}, transport=transport)
        self._incidents = f"pages/{page_id}/incidents"
        self._components = f"pages/{page_id}/components"
        self._known: list[Component] = []
        self._known_until = 0.0

    async def find(self, draft_id: str) -> dict[str, Any] | None:
        """Unresolved ones first: almost always there. The marker is compared here, since no search looks at metadata.

        An update overwrites the marker, so the draft that is found is the last one that was posted to its incident.
        """
        for path, size in ((f"{self._incidents}/unresolved", "per_page"), (self._incidents, "limit")):
            answer = await self._http.get(path, operation="find incident", params={size: _PAGE, "page": 1})
            for incident in read_json(answer):
                if _marker(incident) == draft_id:
                    return dict(incident)
        return None

    async def components(self) -> list[Component]:
        """Groups of components have no status of their own, so they are left out."""
        if clock.wall() < self._known_until:
            return self._known
        found: list[dict[str, Any]] = []
        for page in range(1, _PAGES_MAX + 1):
            params = {"per_page": _PAGE, "page": page}
            rows = read_json(await self._http.get(self._components, operation="list components", params=params))
            found += rows
            if len(rows) < _PAGE:
                break
        self._known = [Component(id=c["id"], name=c["name"], status=c["status"]) for c in found if not c.get("group")]
        self._known_until = clock.wall() + _KNOWN_S
        return self._known

    async def aclose(self) -> None:
        await self._http.aclose()


def _marker(incident: dict[str, Any]) -> str | None:
    """Others write metadata too, in whatever shape they like."""
    commander = (incident.get("metadata") or {}).get("commander")
    return commander.get("draft_id") if isinstance(commander, dict) else None
