"""``incident-response drill --url``: fires a P1 at a real deployment and watches its audit trail. Plays nobody.

The alert carries the label ``drill``: whatever anyone approves, the door lets nothing of it through, and no postmortem
is filed (S9). The rest is real: the room, and the people whom the route that was named finds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

import aioboto3
from aiobotocore.config import AioConfig
from rich.console import Console
from rich.markup import escape

from app import clock
from app.domain.audit import AuditEvent, AuditType, verify
from app.domain.incident import incident_id
from app.effects.dynamodb import DynamoStore
from app.errors import IncidentResponseError, VendorRefused
from app.outbound import Client
from app.signature import sign_hex
from app.terminal_settings import DrillSettings

WAIT_S = 300.0  # the old promise: five minutes from alert to room
_LOOK_S = 0.5
_CONFIG = AioConfig(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=5)


class DrillError(IncidentResponseError):
    """The drill could not be fired; says what to mend."""


@dataclass(frozen=True)
class Target:
    """``integration_id`` and ``route_id``: whose on-call people are to come; without them nobody is found."""

    url: str
    service: str
    team: str | None = None
    integration_id: str | None = None
    route_id: str | None = None


@dataclass(frozen=True)
class Report:
    incident: str
    accepted_ms: int
    assembled_ms: int | None  # None: not within WAIT_S
    people: int
    missing: list[str]
    audit_events: int
    audit_verified: bool

    @property
    def ok(self) -> bool:
        return self.assembled_ms is not None and self.people > 0 and self.audit_verified

    def as_json(self) -> dict[str, object]:
        return {"ok": self.ok, **asdict(self)}


async def fire_and_report(settings: DrillSettings, target: Target, *, as_json: bool) -> bool:
    """Whether a room was assembled, with people in it, and its trail verifies. Progress goes to standard error."""
    progress = Console(stderr=True, highlight=False)
    report = await fire(settings, target, lambda line: progress.print(f"  [dim]{escape(line)}[/]"))
    if as_json:
        print(json.dumps(report.as_json(), indent=2))  # noqa: T201
    else:
        verdict = "[bold green]assembled[/]" if report.ok else "[bold red]not as it should be[/]"
        Console(highlight=False).print(f"Drill {report.incident}: {verdict}; {report.as_json()}")
    return report.ok


async def fire(settings: DrillSettings, target: Target, say: Callable[[str], None]) -> Report:
    group = f"drill-{clock.new_id()[:16]}"
    incident = incident_id(group, 1)
    session = aioboto3.Session(region_name=settings.aws_region)
    async with session.client("secretsmanager", config=_CONFIG) as secrets:
        secret = (await secrets.get_secret_value(SecretId=settings.grafana_oncall_hmac_secret_id))["SecretString"]
    fired = clock.monotonic()
    await _send(target, group, secret)
    accepted_ms = round((clock.monotonic() - fired) * 1000)
    say(f"accepted after {accepted_ms} ms; incident {incident}")
    async with session.client("dynamodb", config=_CONFIG) as dynamodb:
        tables = {"incidents_table": settings.incidents_table_name, "audit_table": settings.audit_table_name}
        trail = await _watch(DynamoStore(dynamodb, **tables), incident, fired + WAIT_S, say)
    assembled = next((event for event in trail if event.type is AuditType.WAR_ROOM_ASSEMBLED), None)
    return Report(
        incident=incident,
        accepted_ms=accepted_ms,
        assembled_ms=round((clock.monotonic() - fired) * 1000) if assembled else None,
        people=sum(event.type is AuditType.RESPONDER_INVITED for event in trail),
        missing=list(assembled.details["missing"]) if assembled else ["no room was assembled in time"],
        audit_events=len(trail),
        audit_verified=bool(trail) and not verify(trail),
    )


async def _send(target: Target, group: str, secret: str) -> None:
    labels = {"severity": "critical", "drill": "true", "service": target.service}
    body = json.dumps(
        {
            "event": {"type": "alert group created", "time": clock.now().isoformat()},
            "alert_group_id": group,
            "alert_group": {"id": group, "title": f"Drill: {target.service} is down", "state": "firing"},
            "integration_id": target.integration_id,
            "route_id": target.route_id,
            "team_id": None,
            "team_name": target.team,
            "labels": {**labels, **({"team": target.team} if target.team else {})},
            "alerts": [],
        }
    ).encode()
    headers = {"Content-Type": "application/json", "X-Grafana-OnCall-Signature": sign_hex(secret, body)}
    webhook = Client("webhook", target.url)
    try:
        await webhook.send("POST", "webhook", operation="fire drill", content=body, headers=headers)
    except VendorRefused as error:
        remedies = {"401": "the deployment verifies with another secret: check GRAFANA_ONCALL_HMAC_SECRET_ID"}
        raise DrillError(f"{target.url}: {error.detail}. {remedies.get(error.code, error.remedy)}") from error
    finally:
        await webhook.aclose()


async def _watch(store: DynamoStore, incident: str, until: float, say: Callable[[str], None]) -> list[AuditEvent]:
    told = 0
    while True:
        trail = await store.trail(incident)
        for event in trail[told:]:
            say(f"{event.seq:>3}  {event.type.value}  {_brief(event)}")
        told = len(trail)
        if any(event.type is AuditType.WAR_ROOM_ASSEMBLED for event in trail) or clock.monotonic() > until:
            return trail
        await clock.sleep(_LOOK_S)


def _brief(event: AuditEvent) -> str:
    return ", ".join(f"{name}={value}" for name, value in list(event.details.items())[:3])
