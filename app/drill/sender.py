"""The alert of a drill, and its end, as the alerting system of that deployment would send them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

import aioboto3

from app import clock
from app.domain.ids import incident_id
from app.errors import IncidentResponseError, VendorError, VendorRefused
from app.outbound import Client
from app.signature import ALERTING_HEADER, BEARER_HEADER, ONCALL_HEADER, sign_grafana_alerting, sign_hex
from app.terminal_settings import DrillSettings
from app.webhook.secrets import SecretsManager

_SECRET_DEADLINE_S = 15.0  # a person's credentials may have to be fetched first
_STATES = {"alert group created": "firing", "resolve": "resolved"}


class DrillError(IncidentResponseError):
    """The drill could not be fired, or not ended; says what to mend."""


@dataclass(frozen=True)
class Target:
    """``integration_id`` and ``route_id``: whose on-call people are to come; without them nobody is found."""

    url: str
    service: str  # "": one that no other drill has, or it would join the incident that an earlier one opened
    team: str | None = None
    integration_id: str | None = None
    route_id: str | None = None


class Sender:
    """One alert group at one deployment; its id and title name the environment."""

    def __init__(self, settings: DrillSettings, target: Target, secret: str, group: str | None) -> None:
        self.group = group or f"drill-{settings.environment}-{clock.new_id()[:16]}"
        self.fired_at = clock.now()
        self._settings = settings
        self._target = target
        self._secret = secret

    @classmethod
    async def of(cls, settings: DrillSettings, target: Target, group: str | None = None) -> Sender:
        """``group``: of an earlier drill, to end it. Raises ``DrillError`` before anything is sent."""
        _check(target.url, settings)
        session = aioboto3.Session(region_name=settings.aws_region)
        source = SecretsManager(
            session,
            settings.grafana_oncall_hmac_secret_id,
            region=settings.aws_region,
            deadline_s=_SECRET_DEADLINE_S,
        )
        async with source:
            try:
                versions = await source.versions()
            except VendorError as error:
                raise DrillError(
                    f"The secret to sign with could not be read: {error.detail}. Check AWS_REGION, "
                    "GRAFANA_ONCALL_HMAC_SECRET_ID, and whose AWS credentials these are: aws sts get-caller-identity"
                ) from error
        return cls(settings, target, next(iter(versions.values())), group)  # the current one first

    @property
    def incident(self) -> str:
        """The id of what this alert opens."""
        return incident_id(self.group, 1, self.fired_at)

    async def send(self, event: Literal["alert group created", "resolve"]) -> None:
        body = json.dumps(self._payload(event)).encode()
        headers = {"Content-Type": "application/json", **proof(self._settings, self._secret, body)}
        webhook = Client("webhook", self._target.url.rstrip("/").removesuffix("/webhook"))  # with it or without
        try:
            await webhook.send("POST", "webhook", operation=f"send {event}", content=body, headers=headers)
        except VendorRefused as error:
            remedies = {
                "401": "the deployment verifies with another secret, or in another way: check "
                "GRAFANA_ONCALL_HMAC_SECRET_ID, WEBHOOK_AUTH and GRAFANA_ALERTING_TIMESTAMP_HEADER"
            }
            remedy = remedies.get(error.code, error.remedy)
            raise DrillError(f"{self._target.url}: {error.detail}. {remedy}") from error
        finally:
            await webhook.aclose()

    def _payload(self, event: str) -> dict[str, object]:
        target, environment = self._target, self._settings.environment
        service = target.service or self.group
        at = clock.now() if event == "resolve" else self.fired_at
        labels = {"severity": "critical", "drill": "true", "environment": environment, "service": service}
        title = f"Drill in {environment}: {service} is down"
        return {
            "event": {"type": event, "time": at.isoformat()},
            "alert_group_id": self.group,
            "alert_group": {"id": self.group, "title": title, "state": _STATES[event]},
            "integration_id": target.integration_id,
            "route_id": target.route_id,
            "team_id": None,
            "team_name": target.team,
            "labels": {**labels, **({"team": target.team} if target.team else {})},
            "alerts": [],
        }


def proof(settings: DrillSettings, secret: str, body: bytes) -> Mapping[str, str]:
    """The headers by which this deployment knows its sender."""
    match settings.webhook_auth:
        case "bearer":
            return {BEARER_HEADER: f"Bearer {secret}"}
        case "oncall_hmac":
            return {ONCALL_HEADER: sign_hex(secret, body)}
        case "grafana_alerting":
            named = settings.grafana_alerting_timestamp_header
            if named is None:
                return {ALERTING_HEADER: sign_grafana_alerting(secret, body)}
            timestamp = str(int(clock.wall()))
            return {named: timestamp, ALERTING_HEADER: sign_grafana_alerting(secret, body, timestamp=timestamp)}


def _check(url: str, settings: DrillSettings) -> None:
    try:
        asked = urlsplit(url)
        host = asked.hostname
    except ValueError:
        asked, host = urlsplit(""), None
    if asked.scheme not in {"http", "https"} or not host:
        raise DrillError(f"{url} is not the address of a webhook. Say --url https://<ingress.host>")
    if settings.webhook_auth == "bearer" and asked.scheme == "http" and not _here(host):
        raise DrillError(
            f"The token would go to {host} in clear text, for everybody on the way to read. Say --url https://{host}, "
            "or forward the webhook's port to this machine and say --url http://localhost:<port>"
        )


def _here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
