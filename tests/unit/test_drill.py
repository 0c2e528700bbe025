"""The drill at a deployment: what it sends, what it refuses to send, and what its card calls a failure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from app.domain.audit import GENESIS, AuditEvent, AuditType, Fact, chain
from app.domain.incident import Incident, Status
from app.drill.card import Card, card
from app.drill.sender import DrillError, Sender, Target, proof
from app.settings import WebhookSettings
from app.signature import Verified
from app.terminal_settings import DrillSettings
from app.webhook.verifiers import verifier
from tests import factories

SECRET = "the secret of this deployment"
ARCHIVE = "incident-response-archive-a1"


def settings(**more: str) -> DrillSettings:
    told = {"aws_region": "eu-west-1", "incidents_table_name": "i", "audit_table_name": "a", "environment": "staging"}
    return DrillSettings.model_validate({**told, "grafana_oncall_hmac_secret_id": "s", **more})


@pytest.mark.parametrize(
    "form",
    [
        {"webhook_auth": "oncall_hmac"},
        {"webhook_auth": "bearer"},
        {"webhook_auth": "grafana_alerting"},
        {"webhook_auth": "grafana_alerting", "grafana_alerting_timestamp_header": "X-Signed-At"},
    ],
)
def test_a_drill_proves_itself_in_every_way_that_a_webhook_asks_for(form: dict[str, str]) -> None:
    """X4: signed by the one side, verified by the other."""
    queue = {"aws_region": "r", "slack_signing_secret": "s", "incident_events_queue_url": "https://queue"}
    asks = WebhookSettings.model_validate({**queue, "grafana_oncall_hmac_secret_id": "s", **form})
    body = b'{"alert_group_id": "drill"}'
    headers = {name.lower(): value for name, value in proof(settings(**form), SECRET, body).items()}
    assert isinstance(verifier(asks)([SECRET], body, headers), Verified)
    assert verifier(asks)(["another"], body, headers) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hooks.example.com", "clear text"),
        ("http://10.0.0.7:8080", "clear text"),
        ("http://localhost.example.com", "clear text"),
        ("hooks.example.com", "not the address"),
        ("https://", "not the address"),
        ("ftp://hooks.example.com", "not the address"),
        ("https://[", "not the address"),
    ],
)
async def test_a_token_goes_nowhere_that_others_could_read_it(
    url: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the secret is even read: there is no AWS here."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(DrillError, match=why):
        await Sender.of(settings(webhook_auth="bearer"), Target(url, ""))


@pytest.mark.parametrize("url", ["https://hooks.example.com", "http://127.0.0.1:8080", "http://[::1]:8080"])
async def test_what_nobody_can_read_on_the_way_is_sent(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with pytest.raises(DrillError, match="secret to sign with"):  # so far, and no AWS
        await Sender.of(settings(webhook_auth="bearer"), Target(url, ""))


# ---------------------------------------------------------------- the card

Story = Sequence[tuple[AuditType, dict[str, Any]]]

PLAYED: Story = (
    (AuditType.ALERT_RECEIVED, {}),
    (AuditType.RESPONDER_INVITED, {"slack_id": "U0PRIMARY"}),
    (AuditType.WAR_ROOM_ASSEMBLED, {"missing": []}),
    (AuditType.RESPONDER_JOINED, {"slack_id": "U0PRIMARY"}),
    (AuditType.RESPONDER_SEEN, {"slack_id": "U0PRIMARY"}),
    (AuditType.STATUSPAGE_APPROVAL_REFUSED, {}),
    (AuditType.INCIDENT_RESOLVED, {}),
    (AuditType.ARCHIVE_SCHEDULED, {"schedule": ARCHIVE, "at": "2026-11-22T12:00:00+00:00"}),
)


def trail_of(story: Story) -> list[AuditEvent]:
    """An event a minute."""
    trail: list[AuditEvent] = []
    for minute, (kind, details) in enumerate(story):
        fact = Fact(type=kind, actor="slack:U0PRIMARY", details=details)
        head = trail[-1].hash if trail else GENESIS
        trail += chain("a1", minute, head, [fact], factories.AT + timedelta(minutes=minute))
    return trail


def left(status: Status = Status.RESOLVED) -> Incident:
    return factories.incident("a1", status=status).but(schedules=(ARCHIVE,))


def drawn(story: Story = PLAYED, incident: Incident | None = None, schedules: Sequence[str] = (ARCHIVE,)) -> Card:
    trail = trail_of(story)
    return card("a1", incident or left(), trail, accepted_ms=20, assembled_ms=3000, schedules=schedules)


def test_a_drill_that_people_played_to_its_end_is_as_it_should_be() -> None:
    report = drawn()
    assert report.ok
    assert (report.invited, report.members, report.came) == (1, 1, 1)
    assert (report.first_human_s, report.approval_s, report.resolved_s) == (240.0, 300.0, 360.0)
    assert report.archive_at == "2026-11-22T12:00:00+00:00"


def without(kind: AuditType) -> Story:
    return [one for one in PLAYED if one[0] is not kind]


def test_who_was_invited_and_did_nothing_did_not_come() -> None:
    """An invitation makes a member of the room at once."""
    report = drawn(without(AuditType.RESPONDER_SEEN))
    assert (report.ok, report.invited, report.members, report.came) == (False, 1, 1, 0)


@pytest.mark.parametrize(
    ("kind", "leak"),
    [
        (AuditType.STATUSPAGE_PUBLISHED, "published"),
        (AuditType.STATUSPAGE_DRAFT_APPROVED, "approved"),
        (AuditType.STATUSPAGE_PUBLISH_UNKNOWN, "sent to the status page"),
        (AuditType.POSTMORTEM_CREATED, "filed in Linear"),
        (AuditType.TASK_FILED, "filed in Linear"),
    ],
)
def test_a_drill_that_reached_the_outside_has_failed(kind: AuditType, leak: str) -> None:
    """S9"""
    report = drawn([*PLAYED, (kind, {})])
    assert not report.ok
    assert [leak in one for one in report.leaks] == [True]


def test_a_drill_that_left_something_has_failed() -> None:
    """S10"""
    assert "still open" in drawn(without(AuditType.INCIDENT_RESOLVED), left(Status.ACTIVE)).leaks[0]
    assert "no incident" in card("a1", None, [], accepted_ms=20, assembled_ms=None).leaks[0]
    unarchived = drawn(without(AuditType.ARCHIVE_SCHEDULED))
    assert "nothing will archive" in unarchived.leaks[0]
    nudge = "incident-response-nudge-a1"
    report = drawn(schedules=(ARCHIVE, nudge))
    assert (report.ok, report.leaks) == (False, [f"schedule {nudge}"])


def test_a_drill_whose_trail_was_changed_has_failed() -> None:
    trail = trail_of(PLAYED)
    trail[2] = trail[2].model_copy(update={"actor": "slack:U0SOMEBODY"})
    assert not card("a1", left(), trail, accepted_ms=20, assembled_ms=3000).ok
