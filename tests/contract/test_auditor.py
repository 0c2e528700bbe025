"""The drill's auditor can be wrong in one way only: too strict. Each check here is seen to turn red."""

from __future__ import annotations

import asyncio
import copy
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import aioboto3
import pytest

from app import clock
from app.domain.audit import AuditType, Fact
from app.domain.change import Change
from app.domain.incident import Incident, Postmortem, Status
from app.effects.dynamodb import DynamoStore
from app.flows import timers
from app.queue.envelope import Envelope
from app.sim import auditor, aws
from app.sim.auditor import Report
from app.sim.cast import BOT_USER_ID
from app.sim.sandbox import Sandbox
from tests import factories
from tests.contract.conftest import moto

SHA = "a" * 64
ROOM = {
    "id": "C0ROOM", "name": "incident-response-p1-20261121-x", "archived": True, "pins": ["1.0"],
    "members": [BOT_USER_ID, *auditor.EXPECTED],
}  # fmt: skip
LEFT = {
    "slack": {"channels": [ROOM], "gestures": [{"outcome": "acked"}]},
    "statuspage": {"writes": [{"sha256": SHA}], "incidents": [{}]},
    "linear": {"issues": [{"id": "issue1", "identifier": "INC-1", "parent": None}]},
}
SECOND_ISSUE = {"id": "i2", "identifier": "INC-2", "parent": None}
Spoil = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def provisioned() -> Iterator[str]:
    """An AWS of its own: what other tests leave behind would be a leak here."""
    with moto() as endpoint:
        aws.provision(endpoint)
        yield endpoint


async def _played(endpoint: str) -> Incident:
    """An incident as a good drill leaves it in the tables."""
    group = clock.new_id()
    incident = factories.incident(group, status=Status.RESOLVED).but(
        archived_at=factories.AT + timedelta(hours=1),
        postmortem=Postmortem(id="issue1", identifier="INC-1", url="https://linear.example/INC-1"),
    )
    facts = [
        *(
            Fact(type=AuditType.RESPONDER_INVITED, actor="system", details={"slack_id": one})
            for one in auditor.EXPECTED
        ),
        Fact(type=AuditType.STATUSPAGE_DRAFT_APPROVED, actor="slack:U0PRIMARY", details={"sha256": SHA}),
        Fact(type=AuditType.STATUSPAGE_PUBLISHED, actor="system", details={"sha256": SHA}),
    ]
    session = aioboto3.Session(aws.ACCESS_KEY, aws.SECRET_KEY, region_name=aws.REGION)
    async with session.client("dynamodb", endpoint_url=endpoint) as client:
        store = DynamoStore(client, incidents_table=aws.INCIDENTS_TABLE, audit_table=aws.AUDIT_TABLE)
        return await store.commit(Change(incident=incident, facts=facts, at=factories.AT, create=True))


async def _examined(
    endpoint: str, incident: Incident, spoil: Spoil = lambda _: None, say: Callable[[str], None] = lambda _: None
) -> Report:
    left: dict[str, Any] = copy.deepcopy(LEFT)
    spoil(left)

    async def people(path: str) -> Any:
        return left[path.partition("/")[0]]

    sandbox = SimpleNamespace(at=SimpleNamespace(aws=endpoint), people=people)
    return await auditor.examine(cast("Sandbox", sandbox), incident.id, {}, None, say)


async def test_a_good_drill_passes(provisioned: str) -> None:
    report = await _examined(provisioned, await _played(provisioned))
    assert [check for check in report.checks if not check.ok] == []
    assert report.ok


@pytest.mark.parametrize(
    ("red", "spoil"),
    [
        ("one war room", lambda left: left["slack"]["channels"].append({**ROOM, "id": "C0SECOND"})),
        ("one war room", lambda left: left["slack"]["channels"].clear()),
        ("all on-call and directory people were invited", lambda left: left["slack"]["channels"][0]["members"].pop()),
        ("nobody else was (P-people)", lambda left: left["slack"]["channels"][0]["members"].append("U0BYSTANDER")),
        ("the checklist is pinned", lambda left: left["slack"]["channels"][0]["pins"].clear()),
        ("the room is archived", lambda left: left["slack"]["channels"][0].update(archived=False)),
        ("one approval, one publish", lambda left: left["statuspage"]["writes"].append({"sha256": SHA})),
        ("the bytes sent are the bytes approved (SHA-256)",
         lambda left: left["statuspage"]["writes"][0].update(sha256="b" * 64)),
        ("one public incident", lambda left: left["statuspage"]["incidents"].append({})),
        ("one postmortem in Linear", lambda left: left["linear"]["issues"].append(SECOND_ISSUE)),
        ("every gesture was acknowledged", lambda left: left["slack"]["gestures"].append({"outcome": "lost"})),
    ],
)  # fmt: skip
async def test_what_is_not_as_it_should_be_turns_it_red(provisioned: str, red: str, spoil: Spoil) -> None:
    """S10: a check that cannot fail proves nothing."""
    report = await _examined(provisioned, await _played(provisioned), spoil)
    assert red in [check.name for check in report.checks if not check.ok]
    assert not report.ok


async def test_a_changed_line_of_the_trail_turns_it_red(provisioned: str) -> None:
    """S10, P-audit."""
    incident = await _played(provisioned)
    key = {"PK": {"S": f"INCIDENT#{incident.id}"}, "SK": {"S": "EVENT#00000001"}}
    await asyncio.to_thread(
        aws.client("dynamodb", provisioned).update_item,
        TableName=aws.AUDIT_TABLE, Key=key, UpdateExpression="SET actor = :a",
        ExpressionAttributeValues={":a": {"S": "slack:U0SOMEBODY"}},
    )  # fmt: skip
    report = await _examined(provisioned, incident)
    assert (report.audit_verified, report.ok) == (False, False)


async def test_a_schedule_or_a_message_that_is_left_turns_it_red(provisioned: str) -> None:
    """S10"""
    incident = await _played(provisioned)
    scheduler, sqs = aws.client("scheduler", provisioned), aws.client("sqs", provisioned)
    dead = aws.queue_url(provisioned, aws.dead_letter(aws.NUDGE_EVENTS))
    target = {"Arn": aws.queue_arn(aws.NUDGE_EVENTS), "RoleArn": aws.SCHEDULER_ROLE_ARN, "Input": "{}"}
    scheduler.create_schedule(
        Name="left", GroupName=aws.SCHEDULE_GROUP, ScheduleExpression="rate(15 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"}, Target=target,
    )  # fmt: skip
    sqs.send_message(QueueUrl=dead, MessageBody="x", MessageGroupId="x")
    try:
        report = await _examined(provisioned, incident)
    finally:
        scheduler.delete_schedule(Name="left", GroupName=aws.SCHEDULE_GROUP)
        sqs.purge_queue(QueueUrl=dead)
    schedule, message = report.leaks
    assert schedule == "schedule left"
    assert message.startswith("not an envelope")
    assert message.endswith(f" in {aws.dead_letter(aws.NUDGE_EVENTS)}, received 0×")
    assert not report.ok
    assert (await _examined(provisioned, incident)).ok, "and what was cleaned up is fine"


async def test_a_message_that_is_still_worked_is_waited_for(provisioned: str) -> None:
    """S10: the people see what was done a moment before its message is gone; that moment is no leak."""
    incident = await _played(provisioned)
    finish, said = _in_hand(provisioned, timers.timer_message("wrap_up", incident.id)), list[str]()

    def hear(line: str) -> None:
        said.append(line)
        finish()

    report = await _examined(provisioned, incident, say=hear)
    assert report.ok
    (waited,) = said
    assert "event:wrap_up, message " in waited


async def test_a_message_that_nobody_finishes_turns_it_red_and_is_named(
    provisioned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S10: in hand for ever is as bad as untouched."""
    monkeypatch.setattr(auditor, "QUIET_WITHIN_S", 0.0)
    incident = await _played(provisioned)
    typed = "text=resolve&user_id=U0PRIMARY&channel_id=C0ROOM"
    finish = _in_hand(provisioned, Envelope(kind="slack", lane="slack:C0ROOM", dedup_id="1", body=typed))
    try:
        report = await _examined(provisioned, incident)
    finally:
        finish()
    (leak,) = report.leaks
    assert leak.startswith("command resolve of U0PRIMARY, message ")
    assert leak.endswith(f" in {aws.INCIDENT_EVENTS}, received 1×")
    assert not report.ok


def _in_hand(endpoint: str, envelope: Envelope) -> Callable[[], object]:
    """Somebody received it and works it, so that SQS shows it to nobody else; what is called when they have done."""
    sqs, queue = aws.client("sqs", endpoint), aws.queue_url(endpoint, aws.INCIDENT_EVENTS)
    sqs.send_message(
        QueueUrl=queue, MessageBody=envelope.encode(), MessageGroupId="x", MessageDeduplicationId=clock.new_id()
    )
    (message,) = sqs.receive_message(QueueUrl=queue, VisibilityTimeout=600)["Messages"]
    return lambda: sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


async def test_a_play_that_stopped_and_a_process_that_lives_on_turn_it_red(provisioned: str) -> None:
    """S10"""
    good = await _examined(provisioned, await _played(provisioned))
    assert not auditor.with_leaks(good, auditor.still_alive({"processor": os.getpid()})).ok
    never = await auditor.examine(
        cast("Sandbox", SimpleNamespace(at=SimpleNamespace(aws=provisioned))), None, {}, "not seen within 90 s"
    )
    assert not never.ok
