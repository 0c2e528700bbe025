"""Grafana OnCall, simulated: its public API, and its outgoing webhook.

The people of the sandbox ``fire`` and ``resolve`` alert groups; OnCall then calls our webhook as the real one does: 4 s
of patience, tried again after a timeout or a failed connection, never after an answer, whatever it says.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from app import clock
from app.signature import ONCALL_HEADER, sign_hex
from app.sim import cast, oncall_world
from app.sim.oncall_world import Thing, iso, public_id
from app.sim.paged import equals, resource

WEBHOOK_TIMEOUT_S = 4.0
RETRIES = 3
RETRY_AFTER_TIMEOUT_S = 10.0
_STATES = {"new": "firing", "acknowledged": "acknowledged", "resolved": "resolved", "silenced": "silenced"}

M = TypeVar("M", bound=BaseModel)
Text = Annotated[str, Field(min_length=1, max_length=500)]


class FireRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Text = "Checkout error rate above 5 %"
    labels: dict[str, str] = {}
    service: Text = cast.SERVICE
    severity: Text = "critical"


class ResolveRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    alert_group_id: Text


@dataclass(frozen=True)
class Delivery:
    """One try of the outgoing webhook. ``status`` None: no answer came. ``latency_ms``: how long the receiver took."""

    alert_group_id: str
    event: str
    attempt: int
    at: str
    status: int | None
    error: str
    latency_ms: float


@dataclass
class OnCallSim:
    """``templated``: the webhook sends the body of a template instead of OnCall's own. ``labels_on_groups``: OnCall's
    label feature; without it labels are in the alert's payload alone."""

    webhook_url: str | None = None
    secret: str = cast.HMAC_SECRET
    token: str = cast.ONCALL_TOKEN
    templated: bool = False
    labels_on_groups: bool = True
    groups: dict[str, Thing] = field(default_factory=dict)
    alerts: dict[str, Thing] = field(default_factory=dict)  # the first of each group, by the group's id
    deliveries: list[Delivery] = field(default_factory=list)
    routes: list[Thing] = field(default_factory=oncall_world.routes)
    chains: list[Thing] = field(default_factory=oncall_world.chains)
    policies: list[Thing] = field(default_factory=oncall_world.policies)
    schedules: list[Thing] = field(default_factory=oncall_world.schedules)
    users: list[Thing] = field(default_factory=oncall_world.users)
    teams: list[Thing] = field(default_factory=oncall_world.teams)
    _retrying: set[asyncio.Task[None]] = field(default_factory=set)

    def fire(
        self,
        title: str,
        labels: dict[str, str] | None = None,
        *,
        service: str = cast.SERVICE,
        severity: str = "critical",
    ) -> str:
        """A new alert group; gives its id. Nobody is told yet: see ``deliver``."""
        usual = {"alertname": "HighErrorRate", "service": service, "team": cast.TEAM, "severity": severity}
        labels = {**usual, **(labels or {})}
        group_id = public_id("I")
        first = oncall_world.alert(group_id, title, labels, iso(clock.now()))
        self.alerts[group_id] = first
        self.groups[group_id] = oncall_world.group(group_id, title, labels if self.labels_on_groups else {}, first)
        return group_id

    def acknowledge(self, alert_group_id: str) -> None:
        self.groups[alert_group_id].update(state="acknowledged", acknowledged_at=iso(clock.now()))

    def resolve(self, alert_group_id: str) -> None:
        self.groups[alert_group_id].update(state="resolved", resolved_at=iso(clock.now()))

    def fire_again(self, alert_group_id: str) -> None:
        """It was not over: OnCall takes the resolution back, and keeps its time."""
        self.groups[alert_group_id].update(state="firing")

    # ------------------------------------------------------------ the outgoing webhook

    def payload(self, alert_group_id: str, event_type: str) -> Thing:
        """``event_type``: "alert group created", "acknowledge", "resolve", … as OnCall words it."""
        group, first = self.groups[alert_group_id], self.alerts[alert_group_id]
        if self.templated:
            return oncall_world.templated_payload(group, first)
        return oncall_world.stock_payload(group, first, event_type)

    async def deliver(self, alert_group_id: str, event_type: str) -> Delivery | None:
        """The first try; what OnCall tries again, it tries later. None: no webhook is set up."""
        if self.webhook_url is None:
            return None
        delivery = await self._post(self.webhook_url, alert_group_id, event_type, 1)
        if delivery.status is None:
            task = asyncio.create_task(self._try_again(self.webhook_url, delivery))
            self._retrying.add(task)
            task.add_done_callback(self._retrying.discard)
        return delivery

    async def _try_again(self, url: str, delivery: Delivery) -> None:
        for attempt in range(2, RETRIES + 2):
            await clock.sleep(RETRY_AFTER_TIMEOUT_S if delivery.error == "timeout" else 2.0 ** (attempt - 2))
            delivery = await self._post(url, delivery.alert_group_id, delivery.event, attempt)
            if delivery.status is not None:
                return

    async def _post(self, url: str, alert_group_id: str, event_type: str, attempt: int) -> Delivery:
        """The body is made anew for each try, as OnCall does: a retried body may differ."""
        body = json.dumps(self.payload(alert_group_id, event_type)).encode()
        headers = {"Content-Type": "application/json", ONCALL_HEADER: sign_hex(self.secret, body)}
        status, error, began = None, "", clock.monotonic()
        try:
            async with httpx.AsyncClient(timeout=WEBHOOK_TIMEOUT_S, trust_env=False) as http:
                status = (await http.post(url, content=body, headers=headers)).status_code
        except httpx.TimeoutException:
            error = "timeout"
        except httpx.HTTPError as failure:
            error = type(failure).__name__
        latency_ms = round((clock.monotonic() - began) * 1000, 1)
        delivery = Delivery(alert_group_id, event_type, attempt, iso(clock.now()), status, error, latency_ms)
        self.deliveries.append(delivery)
        return delivery

    # ------------------------------------------------------------ the HTTP face

    def app(self) -> Starlette:
        """OnCall's API under /api/v1, and /people for whoever plays the monitoring and the people."""
        allow = self._authorize
        api = [
            *resource("routes", lambda: self.routes, allow, integration_id=equals("integration_id")),
            *resource("escalation_chains", lambda: self.chains, allow, name=equals("name")),
            *resource(
                "escalation_policies", lambda: self.policies, allow, escalation_chain_id=equals("escalation_chain_id")
            ),
            *resource("schedules", lambda: self.schedules, allow, name=equals("name"), team_id=equals("team_id")),
            *resource("teams", lambda: self.teams, allow, name=equals("name")),
            *resource("users", lambda: self.users, allow, username=equals("username"), email=equals("email")),
            *resource("alerts", lambda: self.alerts.values(), allow, alert_group_id=equals("alert_group_id")),
            *resource(
                "alert_groups",
                lambda: reversed(self.groups.values()),  # newest first
                allow,
                **{name: equals(name) for name in ("id", "route_id", "integration_id", "team_id")},
                state=_in_state,
                started_at=_began_within,
            ),
        ]
        people = [
            Route("/people/fire", self._fire, methods=["POST"]),
            Route("/people/resolve", self._resolve, methods=["POST"]),
            Route("/people/fire_again", self._fire_again, methods=["POST"]),
            Route("/people/deliveries", self._list_deliveries),
        ]
        return Starlette(routes=[Mount("/api/v1", routes=api), *people], exception_handlers={HTTPException: _detail})

    def _authorize(self, request: Request) -> None:
        if request.headers.get("authorization") != self.token:
            raise HTTPException(403, "Invalid token.")

    async def _fire(self, request: Request) -> JSONResponse:
        asked = await _read(FireRequest, request)
        group_id = self.fire(asked.title, asked.labels, service=asked.service, severity=asked.severity)
        return await self._told(group_id, "alert group created")

    async def _resolve(self, request: Request) -> JSONResponse:
        asked = await _read(ResolveRequest, request)
        if asked.alert_group_id not in self.groups:
            raise HTTPException(404, "Not found.")
        self.resolve(asked.alert_group_id)
        return await self._told(asked.alert_group_id, "resolve")

    async def _fire_again(self, request: Request) -> JSONResponse:
        asked = await _read(ResolveRequest, request)
        if asked.alert_group_id not in self.groups:
            raise HTTPException(404, "Not found.")
        self.fire_again(asked.alert_group_id)
        return await self._told(asked.alert_group_id, "unresolve")

    async def _list_deliveries(self, _request: Request) -> JSONResponse:
        return JSONResponse([asdict(one) for one in self.deliveries])

    async def _told(self, group_id: str, event_type: str) -> JSONResponse:
        delivery = await self.deliver(group_id, event_type)
        return JSONResponse({"alert_group_id": group_id, "delivery": asdict(delivery) if delivery else None})


async def _read(model: type[M], request: Request) -> M:
    try:
        return model.model_validate_json(await request.body() or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise HTTPException(400, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _detail(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"detail": error.detail}, error.status_code)


def _in_state(group: Thing, wanted: str) -> bool:
    if wanted not in _STATES:
        raise HTTPException(400, f"Invalid state: {wanted}")
    return bool(group["state"] == _STATES[wanted])


def _began_within(group: Thing, span: str) -> bool:
    try:
        first, last = (datetime.fromisoformat(end).replace(tzinfo=UTC) for end in span.split("_"))
    except ValueError as error:
        raise HTTPException(400, "Invalid datetime range") from error
    return first <= datetime.fromisoformat(group["created_at"]) <= last
