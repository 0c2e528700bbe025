"""The webhook pod over real HTTP: what a sender, an attacker and the cluster get as an answer."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aioboto3
import httpx
import pytest
import structlog
import uvicorn
from uvicorn.server import ServerState

from app import clock
from app.domain.alert import Alert, AlertEvent
from app.errors import VendorError, VendorUnavailable
from app.queue.envelope import Envelope
from app.settings import WebhookSettings
from app.signature import sign_hex, sign_slack, verify_slack
from app.sim import aws as sandbox
from app.webhook import connection, limits
from app.webhook import secrets as secrets_module
from app.webhook.main import build
from app.webhook.secret_cache import READ_AGAIN_S
from app.webhook.secrets import SecretsManager
from tests.conftest import Serve

SECRET = "current-secret"
SLACK_SECRET = "slack-signing-secret"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LIMIT_BYTES = 65_536


@dataclass
class Queue:
    """In memory, and as unreachable as a test wants it."""

    taken: list[Envelope] = field(default_factory=list)
    fails: VendorError | None = None
    hangs: bool = False

    async def send(self, envelope: Envelope) -> None:
        await self.check()
        if self.hangs:
            await asyncio.Event().wait()
        self.taken.append(envelope)

    async def check(self) -> None:
        if self.fails:
            raise self.fails


@dataclass
class Secrets:
    valid: dict[str, str] = field(default_factory=lambda: {"v1": SECRET})
    reads: int = 0
    fails: VendorError | None = None

    async def versions(self) -> dict[str, str]:
        self.reads += 1
        if self.fails:
            raise self.fails
        return dict(self.valid)


class SkippingClock(clock.RealClock):
    """The world's clock, set forward by hand."""

    skipped: float = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped

    def skip(self, seconds: float) -> None:
        object.__setattr__(self, "skipped", self.skipped + seconds)


@dataclass
class Pod:
    http: httpx.Client
    queue: Queue
    secrets: Secrets

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
        return self.http.post("/webhook", content=body, headers={"Content-Type": "application/json"} | (headers or {}))

    def signed(self, payload: object, secret: str = SECRET) -> httpx.Response:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.post(body, {"X-Grafana-OnCall-Signature": sign_hex(secret, body)})

    def gesture(self, body: bytes, *, secret: str = SLACK_SECRET, age_s: int = 0) -> httpx.Response:
        timestamp = str(int(clock.wall()) - age_s)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign_slack(secret, timestamp, body),
        }
        return self.http.post("/slack/events", content=body, headers=headers)


PodMaker = Callable[..., Pod]


@pytest.fixture
def pod(serve: Serve) -> Iterator[PodMaker]:
    clients: list[httpx.Client] = []

    def make(**settings: Any) -> Pod:
        queue, secrets = Queue(), Secrets()
        read = WebhookSettings(
            **{
                "aws_region": "us-east-1",
                "slack_signing_secret": SLACK_SECRET,
                "incident_events_queue_url": "http://queue.example/incident-events.fifo",
                "grafana_oncall_hmac_secret_id": "oncall-hmac",
                "body_limit_bytes": LIMIT_BYTES,
                **settings,
            }
        )
        base_url = serve(build(read, queue=queue, secrets=secrets, signing_secret=lambda: SLACK_SECRET))
        clients.append(httpx.Client(base_url=base_url, timeout=10, trust_env=False))
        return Pod(clients[-1], queue, secrets)

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def time() -> Iterator[SkippingClock]:
    before, skipping = clock.installed(), SkippingClock()
    clock.install(skipping)
    yield skipping
    clock.install(before)


def oncall(**changes: Any) -> dict[str, Any]:
    return {
        "event": {"type": "alert group created", "time": "2026-01-31T12:00:05Z"},
        "alert_group_id": "I68T24C13IFW1",
        "alert_group": {"id": "I68T24C13IFW1", "title": "Checkout fails", "state": "firing", "alerts_count": 1},
        **changes,
    }


def told(response: httpx.Response) -> dict[str, Any]:
    """The answer, which in a failure is always told in one shape and never holds a secret."""
    assert SECRET not in response.text
    answer: dict[str, Any] = response.json()
    if response.status_code >= 400:
        assert answer["error"]
        assert answer["remedy"]
    return answer


# ---------------------------------------------------------------- the good case


def test_a_signed_alert_is_accepted_and_durable(pod: PodMaker) -> None:
    """P-accept: 202, and the queue has it."""
    running = pod()
    response = running.signed(oncall())

    assert response.status_code == 202
    (envelope,) = running.queue.taken
    assert told(response) == {
        "status": "accepted",
        "alert_group": "I68T24C13IFW1",
        "event": "firing",
        "id": envelope.dedup_id,
    }
    assert (envelope.kind, envelope.lane) == ("event:alert_firing", "alert:I68T24C13IFW1")
    assert Alert.model_validate_json(envelope.body).event is AlertEvent.FIRING


def test_the_trace_travels_on(pod: PodMaker) -> None:
    running = pod()
    body = json.dumps(oncall()).encode()
    running.post(body, {"X-Grafana-OnCall-Signature": "sha256=" + sign_hex(SECRET, body), "traceparent": TRACE})
    (envelope,) = running.queue.taken
    assert envelope.trace["traceparent"].split("-")[1] == TRACE.split("-")[1]


def test_a_retried_body_has_the_same_id(pod: PodMaker) -> None:
    """D1: OnCall counts more alerts in the second try of the same event."""
    running = pod()
    group = {**oncall()["alert_group"], "alerts_count": 9}
    first, second = running.signed(oncall()), running.signed(oncall(alert_group=group))
    assert told(first)["id"] == told(second)["id"]


def test_what_needs_nothing_is_ignored_aloud(pod: PodMaker) -> None:
    running = pod()
    response = running.signed(oncall(event={"type": "personal notification"}))
    assert response.status_code == 202
    assert told(response)["status"] == "ignored"
    assert "personal notification" in told(response)["reason"]
    assert running.queue.taken == []


# ---------------------------------------------------------------- who may


def test_a_wrong_signature_is_refused(pod: PodMaker) -> None:
    running = pod()
    body = json.dumps(oncall()).encode()
    for headers in ({}, {"X-Grafana-OnCall-Signature": sign_hex("guess", body)}, {"X-Grafana-OnCall-Signature": ""}):
        response = running.post(body, headers)
        assert response.status_code == 401
        told(response)
    assert running.queue.taken == []


def test_nothing_is_parsed_before_the_signature_holds(pod: PodMaker) -> None:
    assert pod().post(b"{{{").status_code == 401


def test_grafana_alerting_proves_itself_with_a_signed_timestamp(pod: PodMaker) -> None:
    """X2, X4: and a captured body is worthless without a fresh one."""
    running = pod(webhook_auth="grafana_alerting", grafana_alerting_timestamp_header="X-Alert-Time")
    body = json.dumps({"status": "firing", "groupKey": "{}", "alerts": []}).encode()

    def send(timestamp: str | None) -> int:
        given = sign_hex(SECRET, (timestamp.encode() + b":" if timestamp else b"") + body)
        headers = {"X-Grafana-Alerting-Signature": given} | ({"X-Alert-Time": timestamp} if timestamp else {})
        return running.post(body, headers).status_code

    assert send(str(int(clock.wall()))) == 202
    assert send(str(int(clock.wall()) - 301)) == 401
    assert send(None) == 401, "leaving the header out is no way round it"


def test_a_stock_oncall_proves_itself_with_a_token(pod: PodMaker) -> None:
    """X4: a stock OnCall cannot sign."""
    running = pod(webhook_auth="bearer")
    body = json.dumps(oncall()).encode()
    assert running.post(body, {"Authorization": f"Bearer {SECRET}"}).status_code == 202
    assert running.post(body, {"Authorization": "Bearer guess"}).status_code == 401
    assert running.post(body, {"X-Grafana-OnCall-Signature": sign_hex(SECRET, body)}).status_code == 401


def test_a_rotation_loses_nothing(pod: PodMaker, time: SkippingClock) -> None:
    """The previous version is good until the next is everywhere; the next from its first use on."""
    running = pod()
    assert running.signed(oncall(), "current-secret").status_code == 202

    running.secrets.valid = {"v2": "next-secret", "v1": "current-secret"}
    time.skip(READ_AGAIN_S)
    assert running.signed(oncall(), "next-secret").status_code == 202
    assert running.signed(oncall(), "current-secret").status_code == 202
    assert running.secrets.reads == 2

    running.secrets.valid = {"v2": "next-secret"}
    time.skip(3_600)
    assert running.signed(oncall(), "current-secret").status_code == 401


def test_bad_signatures_do_not_buy_calls_to_the_secret_store(pod: PodMaker, time: SkippingClock) -> None:
    """X1: fifty anonymous requests, one read; and again one in the next ten seconds."""
    running = pod()
    assert running.signed(oncall()).status_code == 202
    time.skip(READ_AGAIN_S)
    for reads in (2, 3):
        assert {running.signed(oncall(), "guess").status_code for _ in range(50)} <= {401, 429}
        assert running.secrets.reads == reads
        time.skip(READ_AGAIN_S)


def test_a_flood_is_slowed_down_and_leaves_the_real_sender_its_allowance(pod: PodMaker, time: SkippingClock) -> None:
    """X6: per sender; who holds the secret is not counted with the strangers of the same address."""
    running = pod(requests_per_second=0.01)  # one in a burst
    assert running.signed(oncall(), "guess").status_code == 401
    slowed = running.signed(oncall(), "guess")
    assert slowed.status_code == 429
    assert int(slowed.headers["Retry-After"]) > 0
    told(slowed)

    assert running.signed(oncall()).status_code == 202
    assert running.signed(oncall()).status_code == 429
    time.skip(100)
    assert running.signed(oncall()).status_code == 202


# ---------------------------------------------------------------- what is not so


def test_a_large_body_is_refused_while_it_streams(pod: PodMaker) -> None:
    """L2, X6: with and without a Content-Length, signed or not."""
    running = pod()
    large = b"x" * 2_000_000
    assert running.signed(large).status_code == 413

    def chunks() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * 10_000

    streamed = running.http.post("/webhook", content=chunks(), headers={"Content-Type": "application/json"})
    assert streamed.request.headers.get("Content-Length") is None
    assert streamed.status_code == 413
    assert str(LIMIT_BYTES) in told(streamed)["error"]
    assert running.signed(oncall()).status_code == 202, "the pod is none the worse"


@pytest.mark.parametrize("declared", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_what_is_not_declared_as_json_is_refused(pod: PodMaker, declared: str) -> None:
    body = json.dumps(oncall()).encode()
    response = pod().post(body, {"Content-Type": declared, "X-Grafana-OnCall-Signature": sign_hex(SECRET, body)})
    assert response.status_code == 415
    told(response)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 60_000], ids=["empty", "cut", "binary", "deep"])
def test_what_is_not_json_is_refused(pod: PodMaker, body: bytes) -> None:
    response = pod().signed(body)
    assert response.status_code == 400
    told(response)


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ([], "body"),
        ({"hello": "world"}, "alert_group_id"),
        (oncall(event={"type": "\ud800 explode"}), "event.type"),
        (oncall(event={"type": "resolve", "time": "soon"}), "event.time"),
    ],
)
def test_what_is_no_alert_is_told_its_field(pod: PodMaker, payload: object, field: str) -> None:
    running = pod()
    response = running.signed(payload)
    assert response.status_code == 422
    assert told(response)["field"] == field
    assert running.queue.taken == []


def test_what_the_queue_did_not_take_was_not_accepted(pod: PodMaker) -> None:
    """L1: a 503, and the same request is accepted once the queue is back."""
    running = pod()
    running.queue.fails = VendorUnavailable("SQS", "send", "connection refused")
    refused = running.signed(oncall())
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    told(refused)

    running.queue.fails = None
    assert running.signed(oncall()).status_code == 202
    assert len(running.queue.taken) == 1


def test_a_queue_that_does_not_answer_is_given_up_on(pod: PodMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """L8: the sender hangs up after four seconds, and hears the truth before."""
    monkeypatch.setattr("app.webhook.routes.SEND_DEADLINE_S", 0.05)
    running = pod()
    running.queue.hangs = True
    assert running.signed(oncall()).status_code == 503


def test_a_path_that_is_not_served_is_told_kindly(pod: PodMaker) -> None:
    running = pod()
    assert told(running.http.get("/nowhere"))["error"] == "Not Found"
    assert running.http.get("/webhook").status_code == 405
    assert running.gesture(b"").status_code == 404, "Slack comes by websocket, unless SLACK_TRANSPORT says otherwise"


# ---------------------------------------------------------------- the cluster


def test_the_log_has_one_line_per_request_and_nothing_of_what_was_in_it(pod: PodMaker) -> None:
    """P-private: alert texts and signatures are for the queue alone."""
    running = pod()
    with structlog.testing.capture_logs() as lines:
        signature = running.signed(oncall()).request.headers["X-Grafana-OnCall-Signature"]
    (line,) = [one for one in lines if one["event"] == "http_request"]
    assert (line["method"], line["path"], line["status"]) == ("POST", "/webhook", 202)
    assert "Checkout fails" not in str(lines)
    assert signature not in str(lines)


def test_ready_names_what_failed(pod: PodMaker, time: SkippingClock) -> None:
    running = pod()
    running.queue.fails = VendorUnavailable("SQS", "check", "connection refused")
    running.secrets.fails = VendorUnavailable("Secrets Manager", "GetSecretValue", "down")
    assert running.http.get("/health").status_code == 200, "the process lives all the same"
    both = running.http.get("/ready")
    assert both.status_code == 503
    assert set(told(both)["failed"]) == {"queue", "secret"}
    assert running.signed(oncall()).status_code == 503, "nobody is turned away as a forger for a fault of ours"

    running.secrets.fails = None
    time.skip(READ_AGAIN_S)
    assert set(told(running.http.get("/ready"))["failed"]) == {"queue"}
    running.queue.fails = None
    assert running.http.get("/ready").json() == {"status": "ready"}


def test_the_pod_ends_cleanly_when_told(aws: str) -> None:
    """L5: a deployment ends a pod that has closed what it opened, not one that was cut off."""
    queue = f"{clock.new_id()}.fifo"
    sandbox.client("sqs", aws).create_queue(QueueName=queue, Attributes={"FifoQueue": "true"})
    sandbox.client("secretsmanager", aws).create_secret(Name=queue, SecretString=SECRET)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = "import asyncio; from app import settings; from app.webhook import main; "
    start += "read = lambda: settings.load(settings.WebhookSettings); asyncio.run(main.run(read(), read))"
    environment = {
        "AWS_REGION": sandbox.REGION,
        "SLACK_SIGNING_SECRET": SLACK_SECRET,
        "INCIDENT_EVENTS_QUEUE_URL": sandbox.queue_url(aws, queue),
        "GRAFANA_ONCALL_HMAC_SECRET_ID": queue,
        "WEBHOOK_HOST": "127.0.0.1",
        "WEBHOOK_PORT": str(port),
    }
    process = subprocess.Popen([sys.executable, "-c", start], env=os.environ | environment, stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=httpx.HTTPTransport(retries=8)) as http:
            assert http.get("/ready").status_code == 200
            process.terminate()
            assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()


def test_a_body_that_does_not_come_is_not_waited_for(pod: PodMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """X6: by the kilobyte or not at all; the sender is told, and is not counted as an alert."""
    monkeypatch.setattr(limits, "BODY_DEADLINE_S", 0.2)
    running = pod(slack_transport="http")
    for path in ("/webhook", "/slack/events"):
        with socket.create_connection((running.http.base_url.host, running.http.base_url.port or 0)) as slow:
            slow.settimeout(10)
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{{"
            slow.sendall(head.encode())
            assert slow.recv(64).startswith(b"HTTP/1.1 408"), path
    assert running.queue.taken == []


@pytest.mark.parametrize(
    "said", [b"", b"POST /webhook HTTP/1.1\r\nHost: x\r\nX-", b"GET /health HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"]
)
async def test_whoever_takes_too_long_over_a_request_is_hung_up_on(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X6: with no request yet, and with one that goes on after its answer."""
    monkeypatch.setattr(connection, "REQUEST_DEADLINE_S", 0.2)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    config = uvicorn.Config(app, lifespan="off", log_config=None)
    listening = await asyncio.get_running_loop().create_server(
        lambda: connection.Connection(config, ServerState(), {}), "127.0.0.1"
    )
    async with listening:
        reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        writer.write(said)
        answer = await asyncio.wait_for(reader.read(), 10)  # to the end: the other side closed it
        writer.close()
    assert answer.startswith(b"HTTP/1.1 200") == said.startswith(b"GET")


def test_a_storm_of_alerts_is_taken(pod: PodMaker) -> None:
    """P-accept, X6: OnCall does not send again what was answered with 429."""
    running = pod()
    answers = {running.signed(oncall(alert_group_id=f"I{number}")).status_code for number in range(200)}
    assert answers == {202}
    assert len({one.dedup_id for one in running.queue.taken}) == 200


def test_every_answer_is_in_the_openapi_document(pod: PodMaker) -> None:
    document = pod(slack_transport="http").http.get("/openapi.json").json()
    paths = document["paths"]
    assert set(paths["/webhook"]["post"]["responses"]) == {
        "202", "400", "401", "408", "413", "415", "422", "429", "503",
    }  # fmt: skip

    assert set(paths["/ready"]["get"]["responses"]) == {"200", "503"}
    assert set(paths) == {"/webhook", "/health", "/ready", "/slack/events"}
    refusal = paths["/webhook"]["post"]["responses"]["422"]["content"]["application/json"]["schema"]["$ref"]
    assert set(document["components"]["schemas"][refusal.rpartition("/")[2]]["properties"]) == {
        "error",
        "remedy",
        "field",
    }


# ---------------------------------------------------------------- Slack's HTTP transport

COMMAND = urlencode(
    {
        "command": "/incident-response",
        "text": "status",
        "user_id": "U0PRIMARY",
        "team_id": "T0SANDBOX",
        "channel_id": "C0ROOM",
        "trigger_id": "1.2.3",
        "response_url": "https://hooks.slack.example/1",
    }
).encode()


def test_a_signed_gesture_is_in_the_queue_with_slacks_own_signature(pod: PodMaker) -> None:
    """G10: what is queued can be verified again, byte for byte."""
    running = pod(slack_transport="http")
    response = running.gesture(COMMAND)

    assert (response.status_code, response.text) == (200, "")
    (envelope,) = running.queue.taken
    assert (envelope.kind, envelope.lane) == ("slack", "slack:C0ROOM")
    assert envelope.signature is not None
    timestamp, given = envelope.signature.timestamp, envelope.signature.v0
    assert verify_slack(SLACK_SECRET, timestamp, envelope.body.encode(), given, now=clock.wall())


@pytest.mark.parametrize("forgery", [{"secret": "guess"}, {"age_s": 301}, {"age_s": -301}])
def test_a_forged_or_old_gesture_is_refused(pod: PodMaker, forgery: dict[str, Any]) -> None:
    running = pod(slack_transport="http")
    response = running.gesture(COMMAND, **forgery)
    assert response.status_code == 401
    told(response)
    assert running.queue.taken == []


def test_an_unsigned_gesture_is_refused(pod: PodMaker) -> None:
    running = pod(slack_transport="http")
    response = running.http.post("/slack/events", content=COMMAND, headers=[(b"X-Slack-Request-Timestamp", b"\xb2")])
    assert response.status_code == 401


def test_gestures_have_limits_too(pod: PodMaker) -> None:
    """X6"""
    running = pod(slack_transport="http")
    assert running.gesture(b"x" * (LIMIT_BYTES + 1)).status_code == 413
    assert running.gesture(b"\xff").status_code == 400


def test_a_flood_of_forged_gestures_is_slowed_down_and_slack_keeps_its_allowance(
    pod: PodMaker, time: SkippingClock
) -> None:
    """X6: every route that a stranger reaches has a rate limit."""
    running = pod(slack_transport="http", requests_per_second=0.01)  # one in a burst
    assert running.gesture(COMMAND, secret="guess").status_code == 401
    slowed = running.gesture(COMMAND, secret="guess")
    assert slowed.status_code == 429
    assert int(slowed.headers["Retry-After"]) > 0
    told(slowed)

    assert running.gesture(COMMAND).status_code == 200
    assert len(running.queue.taken) == 1
    assert running.gesture(COMMAND).status_code == 429
    time.skip(100)
    assert running.gesture(COMMAND).status_code == 200


def test_slack_may_check_the_address(pod: PodMaker) -> None:
    running = pod(slack_transport="http")
    assert running.http.get("/slack/events", params={"ssl_check": "1"}).status_code == 200
    challenge = json.dumps({"type": "url_verification", "challenge": "c0ffee"}).encode()
    timestamp = str(int(clock.wall()))
    answer = running.http.post(
        "/slack/events",
        content=challenge,
        headers={
            "Content-Type": "application/json",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign_slack(SLACK_SECRET, timestamp, challenge),
        },
    )
    assert answer.json() == {"challenge": "c0ffee"}


# ---------------------------------------------------------------- the secret store


async def test_current_and_previous_secret_during_a_rotation(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against Secrets Manager itself: both during the rotation, one before and after."""
    store, name = sandbox.client("secretsmanager", aws), f"hmac-{clock.new_id()}"
    first = store.create_secret(Name=name, SecretString="first\n")["VersionId"]

    async with SecretsManager(aioboto3.Session(), name, region=sandbox.REGION) as source:
        assert await source.versions() == {first: "first"}
        second = store.put_secret_value(SecretId=name, SecretString="second")["VersionId"]
        assert await source.versions() == {second: "second", first: "first"}
        monkeypatch.setattr(secrets_module, "ROTATION_OVERLAP_S", -1)
        assert await source.versions() == {second: "second"}


@pytest.mark.parametrize("value", [None, " "])
async def test_a_secret_that_is_missing_or_empty_is_an_error(aws: str, value: str | None) -> None:
    """Anybody can sign with an empty secret."""
    name = f"hmac-{clock.new_id()}"
    if value:
        sandbox.client("secretsmanager", aws).create_secret(Name=name, SecretString=value)
    async with SecretsManager(aioboto3.Session(), name, region=sandbox.REGION) as source:
        with pytest.raises(VendorError, match="GRAFANA_ONCALL_HMAC_SECRET_ID"):
            await source.versions()


async def test_a_secret_store_that_is_away_is_an_error_in_time(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    async with SecretsManager(aioboto3.Session(), "hmac", region=sandbox.REGION) as source:
        with pytest.raises(VendorUnavailable):
            await source.versions()
