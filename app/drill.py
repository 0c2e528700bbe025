"""``incident-response drill --url``: fires a P1 at a real deployment and watches its audit trail. Plays nobody.

The alert carries the label ``drill``: whatever anyone approves, the door lets nothing of it through, and no postmortem
is filed (S9). The rest is real: the room, and the people whom the route that was named finds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

import aioboto3
from aiobotocore.config import AioConfig
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app import clock
from app.aws_calls import AwsCalls
from app.domain.audit import AuditEvent, AuditType, verify
from app.domain.incident import incident_id
from app.effects.dynamodb import DynamoStore
from app.errors import IncidentResponseError, VendorError, VendorRefused
from app.outbound import Client
from app.setting_forms import WebhookAuth
from app.signature import sign_hex
from app.terminal_settings import DrillSettings

WAIT_S = 300.0  # the old promise: five minutes from alert to room
_LOOK_S = 0.5
_NO_ROOM = "no room was assembled in time; `audit show` and the processor's log say more"
_SECRETS = AwsCalls("Secrets Manager", "check GRAFANA_ONCALL_HMAC_SECRET_ID", deadline_s=10.0, pause_s=0.5)
_CONFIG = AioConfig(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=5)


class DrillError(IncidentResponseError):
    """The drill could not be fired; says what to mend."""


@dataclass(frozen=True)
class Target:
    """``integration_id`` and ``route_id``: whose on-call people are to come; without them nobody is found."""

    url: str
    service: str  # "": one that no other drill has, or it would join the incident that an earlier one opened
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
        Console(highlight=False).print(_table(report, verdict))
    return report.ok


def _table(report: Report, verdict: str) -> Table:
    table = Table(title=f"Drill {report.incident}: {verdict}", title_justify="left", show_header=False)
    assembled = "never" if report.assembled_ms is None else f"{report.assembled_ms / 1000:.1f} s after the alert"
    table.add_row("alert accepted", f"{report.accepted_ms} ms")
    table.add_row("room assembled", assembled)
    table.add_row("people invited", str(report.people))
    table.add_row("missing", escape("; ".join(report.missing)) or "nothing")
    table.add_row("audit trail", f"{report.audit_events} events, {'whole' if report.audit_verified else 'NOT whole'}")
    return table


async def fire(settings: DrillSettings, target: Target, say: Callable[[str], None]) -> Report:
    group = f"drill-{clock.new_id()[:16]}"
    at = clock.now()
    incident = incident_id(group, 1, at)
    session = aioboto3.Session(region_name=settings.aws_region)
    secret = await _secret(session, settings.grafana_oncall_hmac_secret_id)
    fired = clock.monotonic()
    await _send(target, group, at, lambda body: _proof(settings.webhook_auth, secret, body))
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
        missing=list(assembled.details["missing"]) if assembled else [_NO_ROOM],
        audit_events=len(trail),
        audit_verified=bool(trail) and not verify(trail),
    )


async def _secret(session: aioboto3.Session, secret_id: str) -> str:
    async with session.client("secretsmanager", config=_CONFIG) as secrets:
        try:
            read = await _SECRETS.repeat("get_secret_value", lambda: secrets.get_secret_value(SecretId=secret_id))
        except VendorError as error:
            raise DrillError(
                f"The secret to sign with could not be read: {error.detail}. Check AWS_REGION, "
                "GRAFANA_ONCALL_HMAC_SECRET_ID, and whose AWS credentials these are: aws sts get-caller-identity"
            ) from error
    return str(read["SecretString"])


def _proof(webhook_auth: WebhookAuth, secret: str, body: bytes) -> dict[str, str]:
    match webhook_auth:
        case "bearer":
            return {"Authorization": f"Bearer {secret}"}
        case "grafana_alerting":
            return {"X-Grafana-Alerting-Signature": sign_hex(secret, body)}
        case "oncall_hmac":
            return {"X-Grafana-OnCall-Signature": sign_hex(secret, body)}


async def _send(target: Target, group: str, at: datetime, proof: Callable[[bytes], dict[str, str]]) -> None:
    service = target.service or group
    labels = {"severity": "critical", "drill": "true", "service": service}
    body = json.dumps(
        {
            "event": {"type": "alert group created", "time": at.isoformat()},
            "alert_group_id": group,
            "alert_group": {"id": group, "title": f"Drill: {service} is down", "state": "firing"},
            "integration_id": target.integration_id,
            "route_id": target.route_id,
            "team_id": None,
            "team_name": target.team,
            "labels": {**labels, **({"team": target.team} if target.team else {})},
            "alerts": [],
        }
    ).encode()
    headers = {"Content-Type": "application/json", **proof(body)}
    webhook = Client("webhook", target.url)
    try:
        await webhook.send("POST", "webhook", operation="fire drill", content=body, headers=headers)
    except VendorRefused as error:
        remedies = {
            "401": "the deployment verifies with another secret, or in another way: check "
            "GRAFANA_ONCALL_HMAC_SECRET_ID and WEBHOOK_AUTH"
        }
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
