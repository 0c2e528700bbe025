"""How a sender proves itself: one way per deployment, chosen by WEBHOOK_AUTH (X4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from app import clock
from app.settings import WebhookSettings
from app.signature import (
    ALERTING_HEADER,
    BEARER_HEADER,
    ONCALL_HEADER,
    Verified,
    verify_bearer,
    verify_grafana_alerting,
    verify_hmac,
)

# secrets, raw body, headers (their names in lower case) -> proof or None
Verifier = Callable[[Iterable[str], bytes, Mapping[str, str]], Verified | None]


def verifier(settings: WebhookSettings) -> Verifier:
    match settings.webhook_auth:
        case "oncall_hmac":
            return _oncall_hmac
        case "bearer":
            return _bearer
        case "grafana_alerting":
            return _grafana_alerting(settings.grafana_alerting_timestamp_header, settings.replay_tolerance_s)


def _oncall_hmac(secrets: Iterable[str], body: bytes, headers: Mapping[str, str]) -> Verified | None:
    return verify_hmac(secrets, body, headers.get(ONCALL_HEADER, ""))


def _bearer(secrets: Iterable[str], body: bytes, headers: Mapping[str, str]) -> Verified | None:
    return verify_bearer(secrets, body, headers.get(BEARER_HEADER, ""))


def _grafana_alerting(timestamp_header: str | None, tolerance_s: float) -> Verifier:
    def verify(secrets: Iterable[str], body: bytes, headers: Mapping[str, str]) -> Verified | None:
        timestamp = None
        if timestamp_header is not None:
            # Missing counts as wrong: else a replay need only leave the header out (X2).
            timestamp = headers.get(timestamp_header.lower(), "")
        given = headers.get(ALERTING_HEADER, "")
        return verify_grafana_alerting(
            secrets, body, given, timestamp=timestamp, now=clock.wall(), tolerance_s=tolerance_s
        )

    return verify
