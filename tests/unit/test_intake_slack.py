"""A person's gesture in Slack: in the queue before it is acknowledged, and never silently lost."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from app import clock
from app.errors import VendorRefused, VendorUnavailable
from app.intake.slack import NOT_RECORDED, bolt_app
from app.queue.envelope import Envelope
from app.signature import sign_slack, verify_slack

SECRET = "slack-signing-secret"
REFUSALS = [VendorUnavailable("SQS", "send", "no answer"), VendorRefused("SQS", "send", "AccessDenied")]


@dataclass
class Intake:
    """The Bolt app with a queue behind it."""

    taken: list[Envelope] = field(default_factory=list)
    fails: Exception | None = None

    async def send(self, envelope: Envelope) -> None:
        if self.fails:
            raise self.fails
        self.taken.append(envelope)

    async def form(self, fields: dict[str, str], *, secret: str = SECRET) -> BoltResponse:
        body, timestamp = urlencode(fields), str(int(clock.wall()))
        headers: dict[str, Any] = {
            "content-type": "application/x-www-form-urlencoded",
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": sign_slack(secret, timestamp, body.encode()),
        }
        return await bolt_app(lambda: SECRET, self.send).async_dispatch(AsyncBoltRequest(body=body, headers=headers))

    async def event(self, payload: dict[str, Any], *, secret: str = SECRET) -> BoltResponse:
        body, timestamp = json.dumps(payload), str(int(clock.wall()))
        headers: dict[str, Any] = {
            "content-type": "application/json",
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": sign_slack(secret, timestamp, body.encode()),
        }
        return await bolt_app(lambda: SECRET, self.send).async_dispatch(AsyncBoltRequest(body=body, headers=headers))

    async def interactive(self, payload: dict[str, Any]) -> BoltResponse:
        return await self.form({"payload": json.dumps(payload)})


@pytest.fixture(autouse=True)
def _a_token_lies_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processor's environment has one, and Bolt would take it: intake does not."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-not-for-intake")


@pytest.fixture
def intake() -> Intake:
    return Intake()


def command(text: str = "status", **changes: str) -> dict[str, str]:
    return {
        "command": "/incident-response",
        "text": text,
        "user_id": "U0PRIMARY",
        "team_id": "T0SANDBOX",
        "channel_id": "C0ROOM",
        "trigger_id": "1.2.3",
        "response_url": "https://hooks.slack.example/1",
        **changes,
    }


def button(
    action_id: str = "approve_statuspage", action_ts: str = "1700000000.000100", **action: str
) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": "U0PRIMARY", "team_id": "T0SANDBOX"},
        "team": {"id": "T0SANDBOX"},
        "channel": {"id": "C0ROOM"},
        "container": {"type": "message", "message_ts": "1.1", "channel_id": "C0ROOM"},
        "trigger_id": "1.2.4",
        "actions": [
            {"type": "button", "action_id": action_id, "block_id": "b1", "action_ts": action_ts, "value": "v", **action}
        ],
    }


def modal(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "view_submission",
        "user": {"id": "U0PRIMARY", "team_id": "T0SANDBOX"},
        "team": {"id": "T0SANDBOX"},
        "view": {
            "id": "V1",
            "hash": "h1",
            "type": "modal",
            "callback_id": "save_statuspage",
            "private_metadata": "{}",
            "blocks": blocks,
            "state": {"values": {}},
        },
    }


INPUT = {"type": "input", "block_id": "body", "element": {"type": "plain_text_input", "action_id": "body"}}
SECTION = {"type": "section", "block_id": "note", "text": {"type": "mrkdwn", "text": "…"}}


async def test_a_command_is_queued_and_acked_with_nothing(intake: Intake) -> None:
    """L4: durable before the ack."""
    answer = await intake.form(command())

    assert (answer.status, answer.body) == (200, "")
    (envelope,) = intake.taken
    assert (envelope.kind, envelope.lane) == ("slack", "slack:C0ROOM")
    assert envelope.signature is not None
    proof = verify_slack(
        SECRET, envelope.signature.timestamp, envelope.body.encode(), envelope.signature.v0, now=clock.wall()
    )
    assert proof is not None, "G10: the processor can verify these very bytes again"


@pytest.mark.parametrize(
    ("payload", "lane"),
    [
        (button(), "slack:C0ROOM"),
        (button("rate:5"), "slack:C0ROOM"),
        (button("edit_statuspage"), "modal:U0PRIMARY"),
        (modal([INPUT]), "slack:U0PRIMARY"),
    ],
)
async def test_each_gesture_has_its_lane(intake: Intake, payload: dict[str, Any], lane: str) -> None:
    """What opens a modal waits for nobody: its trigger lives three seconds."""
    answer = await intake.interactive(payload)
    assert (answer.status, answer.body) == (200, "")
    assert [envelope.lane for envelope in intake.taken] == [lane]


async def test_the_same_gesture_twice_is_one_and_two_clicks_are_two(intake: Intake) -> None:
    """D5: what Slack repeats is dropped by the queue; what a person repeats is not dropped here."""
    for payload in (button(), button(), button(action_ts="1700000000.000200")):
        await intake.interactive(payload)
    first, repeated, second = (envelope.dedup_id for envelope in intake.taken)
    assert first == repeated
    assert first != second


async def test_a_button_that_only_opens_a_link_is_acked_and_that_is_all(intake: Intake) -> None:
    answer = await intake.interactive(button("open_link_dashboard"))
    assert answer.status == 200
    assert intake.taken == []


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_command_that_was_not_recorded_says_so(intake: Intake, refusal: Exception) -> None:
    """L7: the person reads it, alone, and what to do."""
    intake.fails = refusal
    answer = await intake.form(command())
    assert answer.status == 200
    assert json.loads(answer.body) == {"text": NOT_RECORDED, "response_type": "ephemeral"}
    assert "try again" in NOT_RECORDED


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_click_that_was_not_recorded_shows_as_failed(intake: Intake, refusal: Exception) -> None:
    """L4, L7: Slack puts a warning beside a button whose click was not answered with 200."""
    intake.fails = refusal
    assert (await intake.interactive(button())).status == 503


async def test_a_form_that_was_not_recorded_stays_open_with_the_reason(intake: Intake) -> None:
    """L7: nobody types it twice."""
    intake.fails = REFUSALS[0]
    answer = await intake.interactive(modal([SECTION, INPUT]))
    assert answer.status == 200
    assert json.loads(answer.body) == {"response_action": "errors", "errors": {"body": NOT_RECORDED}}

    assert (await intake.interactive(modal([SECTION]))).status == 503, "no input to show it at: it fails visibly"


async def test_a_fault_of_ours_is_a_failure_and_no_ack(intake: Intake) -> None:
    """L4: whatever goes wrong, an ack means durable."""
    intake.fails = RuntimeError("a bug")
    for answer in (await intake.form(command()), await intake.interactive(button())):
        assert answer.status == 500


async def test_a_forged_gesture_is_refused(intake: Intake) -> None:
    answer = await intake.form(command(), secret="guess")
    assert answer.status == 401
    assert intake.taken == []


async def test_what_nobody_asked_for_is_not_acknowledged(intake: Intake) -> None:
    """P-loud: another app's command, or a form that nothing here handles."""
    assert (await intake.form(command(command="/other"))).status == 404
    assert (await intake.interactive({**modal([]), "type": "view_closed"})).status == 404
    assert intake.taken == []


async def test_slack_checks_the_certificate(intake: Intake) -> None:
    assert (await intake.form({"ssl_check": "1", "token": "t"}, secret="unsigned")).status == 200


# ---------------------------------------------------------------- what people do among themselves


def happened(**event: Any) -> dict[str, Any]:
    said = {"type": "message", "channel": "C0ROOM", "channel_type": "group", "user": "U1", "text": "it is", "ts": "1.1"}
    return {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": {**said, **event}}


async def test_an_event_is_queued_as_slack_signed_it_and_only_then_acknowledged(intake: Intake) -> None:
    """L4, and nobody's click waits for it: it has a lane of its own."""
    assert (await intake.event(happened())).status == 200
    [envelope] = intake.taken
    assert envelope.signature is not None
    signed = envelope.signature
    assert verify_slack(SECRET, signed.timestamp, envelope.body.encode(), signed.v0, now=clock.wall())
    assert envelope.lane == "room:C0ROOM"


async def test_an_event_is_the_same_when_slack_sends_it_again(intake: Intake) -> None:
    for _ in range(2):
        await intake.event(happened())
    assert len({envelope.dedup_id for envelope in intake.taken}) == 1


@pytest.mark.parametrize(("refusal", "status"), [(REFUSALS[0], 503), (REFUSALS[1], 503), (RuntimeError("a bug"), 500)])
async def test_an_event_that_was_not_recorded_is_not_acknowledged(
    intake: Intake, refusal: Exception, status: int
) -> None:
    """L4: Slack sends it again."""
    intake.fails = refusal
    assert (await intake.event(happened())).status == status


@pytest.mark.parametrize("event", [{"bot_id": "B1"}, {"subtype": "message_changed"}, {"type": "app_home_opened"}])
async def test_what_asks_for_nothing_is_taken_and_dropped(intake: Intake, event: dict[str, str]) -> None:
    """Slack ends a subscription whose events are refused."""
    assert (await intake.event(happened(**event))).status == 200
    assert intake.taken == []


async def test_a_forged_event_is_refused(intake: Intake) -> None:
    """G10"""
    assert (await intake.event(happened(), secret="guess")).status == 401
    assert intake.taken == []


async def test_slack_asks_whether_the_address_is_ours(intake: Intake) -> None:
    answer = await intake.event({"type": "url_verification", "challenge": "say this"})
    assert (answer.status, json.loads(answer.body)) == (200, {"challenge": "say this"})
