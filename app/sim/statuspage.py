"""Statuspage, simulated: one page, its components and its incidents, with the rules of the real API.

State is plain and public, for tests and for the drill's auditor; ``writes`` keeps the SHA-256 of every body that came.
https://developer.statuspage.io/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from app import clock
from app.sim import cast

Json = dict[str, Any]
Act = Callable[[Request, Json], Json | list[Json]]

INCIDENT_STATUSES = ("investigating", "identified", "monitoring", "resolved")  # realtime ones; no maintenance here
COMPONENT_STATUSES = ("operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage", "")
NAME_MAX = 255
BODY_MAX = 25_000
PAGE_MAX = 100
WINDOW_S = 60.0  # the limit of one request a second is counted over a minute

# Realtime incidents only: the fields of maintenance and of back-dated incidents are unknown here.
_FIELDS = frozenset({"name", "status", "body", "component_ids", "components", "metadata", "deliver_notifications"})


@dataclass(frozen=True)
class Write:
    """One request that would change the page: what came, byte for byte, and what became of it."""

    method: str
    path: str
    sha256: str
    status: int
    at: str
    incident_id: str | None = None


class Problem(Exception):
    """A request is refused, in the words of the API."""

    def __init__(self, status: int, *errors: str) -> None:
        super().__init__(*errors)
        self.status = status
        self.errors = list(errors)


def throttled(retry_after: int) -> Response:
    """Statuspage's own way of saying "too many requests" (420 or 429; the real one does not promise a Retry-After)."""
    return JSONResponse({"error": "Rate limit exceeded"}, 420, {"Retry-After": str(retry_after)})


class StatuspageSim:
    """``per_minute``: refuse more requests than that in any 60 s with 420; None: no limit."""

    def __init__(self, *, per_minute: int | None = None) -> None:
        self.incidents: dict[str, Json] = {}
        self.components: dict[str, Json] = {
            id_: {"id": id_, "name": name, "status": "operational", "page_id": cast.STATUSPAGE_PAGE}
            for id_, name in (("cmpcheckout0", "Checkout"), ("cmpapi000000", "API"))
        }
        self.writes: list[Write] = []
        self._per_minute = per_minute
        self._seen: list[float] = []

    # ------------------------------------------------------------ what can be done

    def create(self, incident: Json) -> Json:
        self._check({"name": "", **incident})
        id_, now = clock.new_id()[:12], _now()
        self.incidents[id_] = {
            "id": id_, "name": "", "status": "investigating", "impact": "none",
            "created_at": now, "updated_at": now, "started_at": now, "monitoring_at": None, "resolved_at": None,
            "shortlink": f"https://status.example.com/incidents/{id_}", "page_id": cast.STATUSPAGE_PAGE,
            "metadata": {}, "components": [], "incident_updates": [],
        }  # fmt: skip
        return self._apply(self.incidents[id_], incident)

    def update(self, incident_id: str, changes: Json) -> Json:
        incident = self.get(incident_id)
        self._check(changes)
        return self._apply(incident, changes)

    def get(self, incident_id: str) -> Json:
        if incident_id not in self.incidents:
            raise Problem(404, "Record not found")
        return self.incidents[incident_id]

    def newest_first(self, *, unresolved: bool = False) -> list[Json]:
        return [i for i in reversed(self.incidents.values()) if not unresolved or i["status"] != "resolved"]

    def paint(self, component_id: str, changes: Json) -> Json:
        if component_id not in self.components:
            raise Problem(404, "Record not found")
        if changes.get("status") not in COMPONENT_STATUSES:
            raise Problem(422, "Status is not included in the list")
        self.components[component_id]["status"] = changes["status"]
        return self.components[component_id]

    def _apply(self, incident: Json, changes: Json) -> Json:
        now = _now()
        for field in ("name", "status", "metadata"):
            incident[field] = changes.get(field, incident[field])
        for status in ("monitoring", "resolved"):
            if incident["status"] == status:
                incident[f"{status}_at"] = incident[f"{status}_at"] or now
        affected = self._touch(incident, changes)
        if changes.get("body"):  # each body is a post of its own, however often it comes
            incident["incident_updates"].insert(0, {
                "id": clock.new_id()[:12], "incident_id": incident["id"], "status": incident["status"],
                "body": changes["body"], "created_at": now, "display_at": now,
                "deliver_notifications": changes.get("deliver_notifications", True),
                "affected_components": affected,
            })  # fmt: skip
        incident["updated_at"] = now
        return incident

    def _touch(self, incident: Json, changes: Json) -> list[Json]:
        """Attach the components; those with a status get it."""
        wanted = dict.fromkeys(changes.get("component_ids", []), "") | changes.get("components", {})
        affected = []
        for id_, status in wanted.items():
            component, old = self.components[id_], self.components[id_]["status"]
            component["status"] = new = status or old
            affected.append({"code": id_, "name": component["name"], "old_status": old, "new_status": new})
            if component not in incident["components"]:
                incident["components"].append(component)
        return affected

    def _check(self, incident: Json) -> None:
        errors = [f"Unknown field: {field}" for field in sorted(set(incident) - _FIELDS)]
        errors += _length("name", "Name", NAME_MAX, incident) + _length("body", "Body", BODY_MAX, incident)
        if not incident.get("name", "kept"):
            errors.append("Name can't be blank")
        if incident.get("status", "investigating") not in INCIDENT_STATUSES:
            errors.append("Status is not included in the list")
        metadata = incident.get("metadata", {})
        if not isinstance(metadata, dict) or not all(isinstance(value, dict) for value in metadata.values()):
            errors.append("Metadata must be an object whose values are objects")
        errors += self._check_components(incident.get("component_ids", []), incident.get("components", {}))
        if errors:
            raise Problem(422, *errors)

    def _check_components(self, ids: Any, statuses: Any) -> list[str]:
        if not isinstance(ids, list) or not isinstance(statuses, dict):
            return ["component_ids must be a list, components an object"]
        unknown = [f"Component not found: {id_}" for id_ in map(str, [*ids, *statuses]) if id_ not in self.components]
        wrong = [id_ for id_, status in statuses.items() if status not in COMPONENT_STATUSES]
        return unknown + [f"Component {id_}: status is not included in the list" for id_ in wrong]

    # ------------------------------------------------------------ its HTTP face

    def app(self) -> ASGIApp:
        def route(method: str, path: str, act: Act) -> Route:
            return Route(f"/v1/pages/{{page}}/{path}", self._guarded(act), methods=[method])

        return Starlette(routes=[
            route("POST", "incidents", lambda _, body: self.create(body)),
            route("GET", "incidents", lambda request, _: _page(self.newest_first(), request)),
            route("GET", "incidents/unresolved", lambda request, _: _page(self.newest_first(unresolved=True), request)),
            route("GET", "incidents/{id}", lambda request, _: self.get(request.path_params["id"])),
            route("PATCH", "incidents/{id}", lambda request, body: self.update(request.path_params["id"], body)),
            route("GET", "components", lambda request, _: _page([*self.components.values()], request)),
            route("PATCH", "components/{id}", lambda request, body: self.paint(request.path_params["id"], body)),
            Route("/people/state", self._state),
        ])  # fmt: skip

    def _guarded(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        """Authorisation, page and JSON are checked, and every write is kept for the auditors."""

        async def answer(request: Request) -> Response:
            raw = await request.body()
            result: Json | list[Json]
            try:
                self._admit(request)
                body = {} if request.method == "GET" else _inside(raw, request.url.path)
                result, status = act(request, body), 201 if request.method == "POST" else 200
            except Problem as problem:
                result, status = {"error": problem.errors}, problem.status
            if request.method != "GET":
                incident_id = result.get("id") if isinstance(result, dict) else None
                digest = hashlib.sha256(raw).hexdigest()
                self.writes.append(Write(request.method, request.url.path, digest, status, _now(), incident_id))
            return throttled(int(WINDOW_S)) if status == 420 else JSONResponse(result, status)

        return answer

    def _admit(self, request: Request) -> None:
        if request.headers.get("authorization") != f"OAuth {cast.STATUSPAGE_KEY}":
            raise Problem(401, "Could not authenticate")
        if request.path_params["page"] != cast.STATUSPAGE_PAGE:
            raise Problem(404, "Page not found")
        now = clock.wall()
        self._seen = [*(at for at in self._seen if at > now - WINDOW_S), now]
        if self._per_minute is not None and len(self._seen) > self._per_minute:
            raise Problem(420, "Rate limit exceeded")

    async def _state(self, _: Request) -> Response:
        incidents = self.newest_first()
        return JSONResponse({
            "incidents": incidents,
            "updates": [update for incident in incidents for update in incident["incident_updates"]],
            "components": [*self.components.values()],
            "writes": [asdict(write) for write in self.writes],
        })  # fmt: skip


def _now() -> str:
    return clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _length(field: str, label: str, limit: int, given: Json) -> list[str]:
    value = given.get(field, "")
    if not isinstance(value, str):
        return [f"{label} must be a string"]
    return [f"{label} is too long (maximum is {limit} characters)"] if len(value) > limit else []


def _inside(raw: bytes, path: str) -> Json:
    """What the request says of the incident or of the component: the object under that one key."""
    name = "component" if "/components" in path else "incident"
    try:
        inner = json.loads(raw)[name]
    except (ValueError, TypeError, KeyError):
        inner = None
    if not isinstance(inner, dict):
        raise Problem(400, f"The request body must be a JSON object with an object under {name!r}")
    return inner


def _page(rows: list[Json], request: Request) -> list[Json]:
    """``limit`` or ``per_page`` rows, whichever the list calls it."""
    query = request.query_params
    try:
        size, page = int(query.get("limit") or query.get("per_page") or PAGE_MAX), int(query.get("page") or 1)
    except ValueError:
        raise Problem(422, "page and its size must be numbers") from None
    size = min(max(size, 1), PAGE_MAX)
    return rows[(max(page, 1) - 1) * size :][:size]
