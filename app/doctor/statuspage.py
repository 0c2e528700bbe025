"""Statuspage: the key and the page. Reads only: the way to write is behind the door (P-gate)."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any
from urllib.parse import quote

from app.doctor.check import Check, Deployment, Failed
from app.outbound import Client

_PAGE = 100


async def _page(deployment: Deployment) -> str:
    components = await components_of(deployment)
    return f"{len(components)} components: {', '.join(sorted(one['name'] for one in components))[:300]}"


async def components_of(deployment: Deployment) -> list[dict[str, Any]]:
    settings = deployment.settings
    headers = {"Authorization": f"OAuth {settings.statuspage_api_key.get_secret_value()}"}
    path = f"pages/{quote(settings.statuspage_page_id, safe='')}/components"
    found: list[dict[str, Any]] = []
    async with aclosing(Client("Statuspage", settings.statuspage_api_url, headers=headers)) as http:
        for number in range(1, 11):
            params = {"per_page": _PAGE, "page": number}
            page = await http.get_json(path, operation="list components", params=params)
            found += page
            if len(page) < _PAGE:
                return found
    raise Failed(f"more than {len(found)} components")


CHECKS = (
    Check(
        "Statuspage: page",
        "the key is valid, and sees the page and its components",
        "set STATUSPAGE_API_KEY (Statuspage, user menu, API info) to a key of a user of the page, and "
        "STATUSPAGE_PAGE_ID to the id that stands there",
        _page,
    ),
)
