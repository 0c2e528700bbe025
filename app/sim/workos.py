"""WorkOS Directory Sync, simulated: one directory, its groups, and the users in them, page by page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.sim import cast

Thing = dict[str, Any]


def user(number: int, role: str, email: str | None, *, state: str = "active") -> Thing:
    first, _, last = role.partition(" ")
    return {
        "object": "directory_user",
        "id": f"directory_user_{number:04d}",
        "directory_id": cast.WORKOS_DIRECTORY,
        "organization_id": "org_sandbox",
        "idp_id": str(number),
        "email": email,
        "first_name": first,
        "last_name": last,
        "emails": [{"primary": True, "type": "work", "value": email}] if email else [],
        "job_title": None,
        "username": email,
        "state": state,
        "custom_attributes": {},
        "raw_attributes": {},
        "groups": [],  # deprecated, and empty in new environments
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
    }


def _team() -> list[Thing]:
    return [
        user(number, member.role, member.email, state="active" if member.active else "inactive")
        for number, member in enumerate(cast.PEOPLE)
        if member.in_directory_group
    ]


@dataclass
class WorkOSSim:
    key: str = cast.WORKOS_KEY
    state: str = "active"  # of the directory
    groups: dict[str, list[Thing]] = field(default_factory=lambda: {cast.WORKOS_GROUP: _team()})

    def app(self) -> Starlette:
        return Starlette(
            routes=[Route("/directories/{id}", self._directory), Route("/directory_users", self._directory_users)]
        )

    async def _directory(self, request: Request) -> JSONResponse:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return JSONResponse({"message": "Unauthorized"}, 401)
        if request.path_params["id"] != cast.WORKOS_DIRECTORY:
            return JSONResponse({"message": "Directory not found.", "code": "entity_not_found"}, 404)
        directory = {"object": "directory", "id": cast.WORKOS_DIRECTORY, "name": "Example", "state": self.state}
        return JSONResponse(directory)

    async def _directory_users(self, request: Request) -> JSONResponse:
        asked = request.query_params
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return JSONResponse({"message": "Unauthorized"}, 401)
        limit = asked.get("limit", "10")
        if not limit.isdigit() or not 1 <= int(limit) <= 100:
            return _invalid("limit", "limit must be between 1 and 100")
        if "group" in asked:
            found = self.groups.get(asked["group"])
        elif asked.get("directory") == cast.WORKOS_DIRECTORY:
            found = list({one["id"]: one for group in self.groups.values() for one in group}.values())
        elif "directory" in asked:
            found = None
        else:
            return _invalid("directory", "directory or group is required")
        if found is None:
            what = "Group" if "group" in asked else "Directory"
            return JSONResponse({"message": f"{what} not found.", "code": "entity_not_found"}, 404)
        ids = [one["id"] for one in found]
        if "after" in asked and asked["after"] not in ids:
            return _invalid("after", "after is not a known cursor")
        start = ids.index(asked["after"]) + 1 if "after" in asked else 0
        page = found[start : start + int(limit)]
        more = start + len(page) < len(found)
        metadata = {"before": page[0]["id"] if page and start else None, "after": page[-1]["id"] if more else None}
        return JSONResponse({"object": "list", "data": page, "list_metadata": metadata})


def _invalid(name: str, why: str) -> JSONResponse:
    errors = [{"field": name, "code": why}]
    return JSONResponse({"message": "Validation failed", "code": "invalid_request_parameters", "errors": errors}, 422)
