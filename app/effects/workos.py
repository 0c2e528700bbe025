"""WorkOS Directory Sync: the active members of a team's group. https://workos.com/docs/reference/directory-sync

Answers are kept for five minutes. When WorkOS does not answer, the last answer is used, up to a day old, and the log
says so: yesterday's team in the room beats nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from app import clock
from app.domain.people import Person, Source
from app.errors import VendorError, VendorRefused
from app.outbound import Client, Transport

_FRESH_S = 300.0
_USABLE_S = 86_400.0
_PAGE = 100
_PAGES_MAX = 50

_log = structlog.get_logger(__name__)


class WorkOS:
    """``team_groups``: team (as alerts name it) to directory group id."""

    def __init__(
        self,
        api_url: str,
        api_key: str,
        directory_id: str,
        team_groups: Mapping[str, str],
        *,
        transport: Transport | None = None,
    ) -> None:
        self._http = Client("WorkOS", api_url, headers={"Authorization": f"Bearer {api_key}"}, transport=transport)
        self._directory_id = directory_id
        self._team_groups = team_groups
        self._kept: dict[str, tuple[float, list[Person]]] = {}  # by group: when it was read, and who was in it

    async def aclose(self) -> None:
        await self._http.aclose()

    async def members(self, team: str) -> list[Person]:
        group = self._team_groups.get(team)
        if group is None:
            return []
        read_at, people = self._kept.get(group, (float("-inf"), []))
        age = clock.monotonic() - read_at
        if age < _FRESH_S:
            return list(people)
        try:
            people = await self._read(group)
        except VendorError as error:
            if age > _USABLE_S:
                raise
            _log.warning("directory_stale", team=team, age_s=round(age), why=str(error))
            return list(people)
        self._kept[group] = (clock.monotonic(), people)
        return list(people)

    async def _read(self, group: str) -> list[Person]:
        people: list[Person] = []
        after: str | None = None
        for _ in range(_PAGES_MAX):
            params: dict[str, str | int] = {"group": group, "limit": _PAGE, **({"after": after} if after else {})}
            page = await self._http.get_json("directory_users", operation="list group members", params=params)
            try:
                people += [_person(user) for user in page["data"] if self._belongs(user)]
                after = page["list_metadata"]["after"]
            except (KeyError, TypeError, AttributeError) as error:
                remedy = "check WORKOS_API_URL in the settings"
                raise VendorRefused("WorkOS", "list group members", "not the API's shape", remedy=remedy) from error
            if after is None:
                return people
        remedy = f"map the team to a smaller group than {group} in WORKOS_TEAM_GROUP_MAP"
        raise VendorRefused("WorkOS", "list group members", f"more than {_PAGES_MAX * _PAGE} members", remedy=remedy)

    def _belongs(self, user: Mapping[str, Any]) -> bool:
        """Active, and of our directory: a mistyped group must not let strangers in."""
        return bool(user["state"] == "active" and user["directory_id"] == self._directory_id)


def _person(user: Mapping[str, Any]) -> Person:
    listed = [entry["value"] for entry in user.get("emails") or () if entry.get("primary")]
    email = (user.get("email") or next(iter(listed), None) or "").strip().lower() or None
    full_name = " ".join(filter(None, (user.get("first_name"), user.get("last_name"))))
    return Person(name=full_name or user.get("username") or email or user["id"], email=email, source=Source.DIRECTORY)
