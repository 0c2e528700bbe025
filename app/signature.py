"""Signatures of those who call us: pure, constant-time, nothing but bytes in and a verdict out.

A ``Verified`` can be made nowhere else: whoever holds one knows that these bytes were signed. The processor asks
for it before it believes that a message in the queue is a person's word (P-gate, G10).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

SLACK_TOLERANCE_S = 300  # Slack: "Verifying requests from Slack", reject a timestamp older than five minutes

# Where each sender puts its proof. HTTP does not tell upper from lower case.
ONCALL_HEADER = "x-grafana-oncall-signature"
ALERTING_HEADER = "x-grafana-alerting-signature"
BEARER_HEADER = "authorization"

_SEAL = object()


class Verified:
    """Proof that a signature over exactly these bytes was checked and held."""

    __slots__ = ("body_sha256",)

    def __init__(self, seal: object, body: bytes) -> None:
        if seal is not _SEAL:
            raise RuntimeError("Verified is made by app.signature alone: verify the bytes, do not claim it")
        self.body_sha256 = hashlib.sha256(body).hexdigest()

    def covers(self, body: bytes) -> bool:
        return hmac.compare_digest(self.body_sha256, hashlib.sha256(body).hexdigest())


def sign_hex(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def sign_grafana_alerting(secret: str, body: bytes, *, timestamp: str | None = None) -> str:
    """As ``verify_grafana_alerting`` reads it; ``timestamp``: unix seconds, where the deployment asks for a header."""
    return sign_hex(secret, body if timestamp is None else timestamp.encode() + b":" + body)


def verify_hmac(secrets: Iterable[str], body: bytes, given: str) -> Verified | None:
    """Hex HMAC-SHA256 over the raw body, ``sha256=`` allowed in front; any of the secrets may have signed."""
    wanted = given.strip().removeprefix("sha256=").lower()
    ok = False
    for secret in secrets:  # every secret is tried, so that time does not tell which one matched
        ok |= hmac.compare_digest(sign_hex(secret, body).encode(), wanted.encode())
    return Verified(_SEAL, body) if ok else None


def verify_grafana_alerting(
    secrets: Iterable[str], body: bytes, given: str, *, timestamp: str | None, now: float, tolerance_s: float
) -> Verified | None:
    """Grafana Alerting's contact point: hex HMAC over the body, or over ``<unix s>:<body>`` with a timestamp header.

    Source: grafana/alerting http/hmac.go. A timestamp outside the tolerance is a replay.
    """
    if timestamp is None:
        return verify_hmac(secrets, body, given)
    if not _recent(timestamp, now, tolerance_s):
        return None
    if verify_hmac(secrets, timestamp.encode() + b":" + body, given) is None:
        return None
    return Verified(_SEAL, body)


def verify_bearer(tokens: Iterable[str], body: bytes, given: str) -> Verified | None:
    """A shared token, for a stock OnCall that cannot sign. The token vouches for the whole request."""
    wanted = given.strip().removeprefix("Bearer ").strip()
    ok = False
    for token in tokens:
        ok |= hmac.compare_digest(token.encode(), wanted.encode())
    return Verified(_SEAL, body) if ok else None


def sign_slack(secret: str, timestamp: str, body: bytes) -> str:
    """Slack's ``v0`` signature: https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    return "v0=" + sign_hex(secret, b"v0:" + timestamp.encode() + b":" + body)


def verify_slack(secret: str, timestamp: str, body: bytes, given: str, *, now: float) -> Verified | None:
    """``now``: unix seconds at which the bytes arrived; for a message from the queue, its ``SentTimestamp``."""
    if not _recent(timestamp, now, SLACK_TOLERANCE_S):
        return None
    wanted = sign_slack(secret, timestamp, body)
    return Verified(_SEAL, body) if hmac.compare_digest(wanted.encode(), given.encode()) else None


def _recent(timestamp: str, now: float, tolerance_s: float) -> bool:
    """Twelve ASCII digits at most: ``isdigit`` alone takes what ``int`` does not ("²"), and a header may hold that."""
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return False
    return abs(now - int(timestamp)) <= tolerance_s
