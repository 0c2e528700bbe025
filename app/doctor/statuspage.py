"""Statuspage: the key and the page. Reads only: the way to write is behind the door (P-gate)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from app.doctor.check import Check, Failed
from app.doctor.deployment import Deployment

_PAGE = 100


async def _page(deployment: Deployment) -> str:
    components = await _components(deployment)
    return f"{len(components)} components: {', '.join(sorted(one['name'] for one in components))[:300]}"


async def _of_services(deployment: Deployment) -> str:
    wanted = {name: service.name for service in deployment.catalogue.services for name in service.components}
    names = {one["name"] for one in await _components(deployment)}
    if missing := [f"{name} (of {service})" for name, service in wanted.items() if name not in names]:
        raise Failed(f"not on the page: {', '.join(missing)}")
    return f"all {len(wanted)} that services name are on the page" if wanted else "no service names one"


async def _components(deployment: Deployment) -> list[dict[str, Any]]:
    settings = deployment.settings
    headers = {"Authorization": f"OAuth {settings.statuspage_api_key.get_secret_value()}"}
    path = f"pages/{quote(settings.statuspage_page_id, safe='')}/components"
    found: list[dict[str, Any]] = []
    http = deployment.http("Statuspage", settings.statuspage_api_url, headers=headers)
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
    Check(
        "Statuspage: components",
        "each component that a service of SERVICES_FILE names is on the page",
        "correct the service's components in the file of SERVICES_FILE, or add them (Statuspage, Components)",
        _of_services,
        after="Statuspage: page",
    ),
)
