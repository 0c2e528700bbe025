"""WorkOS: the directory, and the groups that teams are mapped to."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from app.doctor.check import Check, CouldNotTell, Failed
from app.doctor.deployment import Deployment
from app.errors import VendorRefused
from app.outbound import Client

_SYNCING = frozenset({"active", "linked"})  # the second is the older word


async def _directory(deployment: Deployment) -> str:
    http = _client(deployment)
    path = f"directories/{quote(deployment.settings.workos_directory_id, safe='')}"
    found = await http.get_json(path, operation="read the directory")
    if found["state"] not in _SYNCING:
        raise Failed(f"{found.get('name', 'the directory')} is {found['state']}, so its groups are no longer kept")
    return f"{found.get('name', 'the directory')} is {found['state']}"


async def _groups(deployment: Deployment) -> str:
    groups = deployment.settings.workos_team_group_map
    if not groups:
        raise CouldNotTell("no team is mapped to a group: only whoever is on call will be invited")
    http = _client(deployment)
    sizes = await asyncio.gather(*(_size(http, deployment, group) for group in groups.values()))
    told = [f"{team}: {size}" for team, size in zip(groups, sizes, strict=True)]
    if wrong := [words for words, size in zip(told, sizes, strict=True) if not isinstance(size, int) or size == 0]:
        raise Failed(f"groups without an active member, or not readable: {', '.join(wrong)}")
    return f"active members: {', '.join(told)}"


async def _size(http: Client, deployment: Deployment, group: str) -> int | str:
    """Active members, at most a page of them; or why the group cannot be read."""
    params: dict[str, str | int] = {"group": group, "limit": 100}
    try:
        page = await http.get_json("directory_users", operation="list group members", params=params)
    except VendorRefused as error:
        return error.detail
    ours = deployment.settings.workos_directory_id
    active: int = sum(user["state"] == "active" and user["directory_id"] == ours for user in page["data"])
    return active


def _client(deployment: Deployment) -> Client:
    settings = deployment.settings
    headers = {"Authorization": f"Bearer {settings.workos_api_key.get_secret_value()}"}
    return deployment.http("WorkOS", settings.workos_api_url, headers=headers)


CHECKS = (
    Check(
        "WorkOS: directory",
        "the key is valid and sees the directory",
        "set WORKOS_API_KEY (WorkOS dashboard, API Keys) and WORKOS_DIRECTORY_ID (Directories) of one environment",
        _directory,
    ),
    Check(
        "WorkOS: groups",
        "each group of WORKOS_TEAM_GROUP_MAP is readable and has active members of this directory",
        "correct the group's id in WORKOS_TEAM_GROUP_MAP, or add its members at the identity provider",
        _groups,
        after="WorkOS: directory",
    ),
)
