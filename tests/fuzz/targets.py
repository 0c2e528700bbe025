"""What a stranger's bytes may meet. A target takes bytes, and raises only if something is wrong with us.

The coverage-guided run of ``make fuzz`` feeds these, and so does ``tests/unit/test_fuzz_corpus.py`` with its seeds.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app import clock
from app.domain.audit import AuditEvent, AuditType, Fact, chain, verify
from app.domain.gesture import parse
from app.domain.redaction import findings, redact, scrub
from app.errors import Park
from app.queue.envelope import GESTURE, Envelope, decode, dedup, lane
from app.settings import WebhookSettings
from app.signature import (
    sign_hex,
    sign_slack,
    verify_bearer,
    verify_grafana_alerting,
    verify_hmac,
    verify_slack,
)
from app.webhook.main import build

SECRET = "known-to-the-fuzzer"
UNKNOWN = "a-secret-that-no-stranger-knows"
MAY_BE_TAKEN = 1_048_576  # SQS: bytes of a message
DEEP = 50  # objects and lists in the details of an event: more than anything here records


@dataclass
class Recorder:
    """A queue that takes everything, checks that it is fit for SQS, and keeps nothing."""

    taken: int = 0

    async def send(self, envelope: Envelope) -> None:
        assert decode(envelope.encode()) == envelope
        assert len(envelope.encode().encode()) < MAY_BE_TAKEN
        self.taken += 1

    async def check(self) -> None:
        return None


@dataclass
class Known:
    secrets: dict[str, str] = field(default_factory=lambda: {"v1": SECRET})

    async def versions(self) -> dict[str, str]:
        return self.secrets


def pod(queue: Recorder) -> Any:
    """The webhook pod as it is, with a queue in memory and a secret that we know."""
    settings = WebhookSettings.model_validate(
        {
            "aws_region": "us-east-1",
            "slack_transport": "http",
            "slack_signing_secret": SECRET,
            "incident_events_queue_url": "http://queue.example/incident-events.fifo",
            "grafana_oncall_hmac_secret_id": "oncall-hmac",
            "requests_per_second": 1e9,
        }
    )
    return build(settings, queue=queue, secrets=Known(), signing_secret=lambda: SECRET)


class _Door:
    """Knocks at the pod without a socket: one ASGI call per request."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._queue = Recorder()
        self._pod = pod(self._queue)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        return self._loop.run_until_complete(self._post(path, body, headers))

    async def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        statuses: list[int] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
            "client": ("192.0.2.1", 1),
            "server": ("webhook", 80),
        }
        await self._pod(scope, receive, send)
        (status,) = statuses
        return status


_doors: list[_Door] = []


def _door() -> _Door:
    if not _doors:
        _doors.append(_Door())
    return _doors[0]


def webhook(data: bytes) -> None:
    """``/webhook``: unsigned it is refused, whatever it is; signed it is taken, or its sender is told what is wrong."""
    declared = {"content-type": "application/json"}
    assert _door().post("/webhook", data, declared) in {401, 413}
    signed = declared | {"x-grafana-oncall-signature": sign_hex(SECRET, data)}
    assert _door().post("/webhook", data, signed) in {202, 400, 413, 422}


def slack(data: bytes) -> None:
    """``/slack/events``: the same, for what Slack sends."""
    timestamp = str(int(clock.wall()))
    kind = "application/json" if data.startswith(b"{") else "application/x-www-form-urlencoded"
    declared = {"content-type": kind, "x-slack-request-timestamp": timestamp}
    assert _door().post("/slack/events", data, declared) in {200, 400, 401, 413}
    signed = declared | {"x-slack-signature": sign_slack(SECRET, timestamp, data)}
    assert _door().post("/slack/events", data, signed) in {200, 400, 404, 413}


def gesture(data: bytes) -> None:
    """Slack's raw payload as the processor reads it: a gesture that fits the queue, or ``Park``."""
    try:
        found = parse(data.decode(errors="replace"))
    except Park:
        return
    where = lane("room" if found.form == "event" else "slack", found.channel_id or found.user_id)
    queued = Envelope(kind=GESTURE, lane=where, dedup_id=dedup("slack", found.key), body=found.raw)
    assert decode(queued.encode()) == queued


def envelope(data: bytes) -> None:
    """What lies in the queue: an envelope that reads the same again, or ``Park``."""
    try:
        found = decode(data.decode(errors="replace"))
    except Park:
        return
    assert decode(found.encode()) == found


def signature(data: bytes) -> None:
    """Header, timestamp and body, a line each: nothing that a stranger makes up is proof."""
    given, timestamp, body = (*data.split(b"\n", 2), b"", b"")[:3]
    header, when = given.decode("latin-1"), timestamp.decode("latin-1")
    now = clock.wall()
    assert verify_hmac([UNKNOWN], body, header) is None
    assert verify_bearer([UNKNOWN], body, header) is None
    assert verify_slack(UNKNOWN, when, body, header, now=now) is None
    alerting = verify_grafana_alerting([UNKNOWN], body, header, timestamp=when, now=now, tolerance_s=300)
    assert alerting is None


def redaction(data: bytes) -> None:
    """Text on its way out: nothing private is left, and what is clean stays as it is."""
    text = data.decode(errors="replace")
    found, once = findings(text), redact(text)
    assert bool(found) is (once != text)
    assert findings(once) == []
    assert redact(once) == once


def scrubbing(data: bytes) -> None:
    """Details on their way into the trail: scrubbed once is scrubbed, and the chain holds when it is read back."""
    try:
        details = json.loads(data)
        json.dumps(details, ensure_ascii=False, allow_nan=False).encode()  # what is none of these was never text
    except (ValueError, RecursionError):
        return
    if not isinstance(details, dict) or data.count(b"[") + data.count(b"{") > DEEP:
        return
    once = scrub(details)
    assert scrub(once) == once
    assert all(findings(text) == [] for text in _texts(once))
    facts = [Fact(type=AuditType.TIMELINE_NOTE, actor="system", details=details)] * 2
    events = chain("fuzz", 0, "", facts, datetime(2026, 1, 1, tzinfo=UTC))
    stored = [AuditEvent.model_validate_json(event.model_dump_json()) for event in events]
    assert verify(stored) == []


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _texts(part)]
    return [text for item in value for text in _texts(item)] if isinstance(value, list) else []


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (webhook, slack, gesture, envelope, signature, redaction, scrubbing)
}
