"""What a stand-in takes and the real service does not: tests/strict.py sees it, and so does the sandbox's AWS."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aioboto3
import httpx
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from app.domain.schedule import Into
from app.effects.eventbridge import EventBridge
from app.sim import aws, cast
from app.sim.linear import LinearSim
from app.sim.slack import SlackSim
from tests import strict
from tests.contract.test_timers import START, message

LONG = "x" * 65
SCHEDULE: dict[str, Any] = {
    "Name": "nudge",
    "ScheduleExpression": "rate(1 minute)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {
        "Arn": aws.queue_arn("q.fifo"),
        "RoleArn": aws.SCHEDULER_ROLE_ARN,
        "SqsParameters": {"MessageGroupId": "timer:a"},
    },
}
MESSAGE = {"QueueUrl": "http://localhost/1/q.fifo", "MessageBody": "{}", "MessageGroupId": "a"}

WRONG: list[tuple[str, str, dict[str, Any], str]] = [
    ("scheduler", "create_schedule", {**SCHEDULE, "Name": LONG}, "65 characters, more than 64"),
    ("scheduler", "create_schedule", {**SCHEDULE, "Name": "a:b"}, "does not match"),
    ("scheduler", "create_schedule", {**SCHEDULE, "State": "PAUSED"}, "none of ENABLED, DISABLED"),
    ("scheduler", "delete_schedule", {"Name": "nudge", "GroupName": LONG}, "65 characters, more than 64"),
    (
        "scheduler",
        "create_schedule",
        {**SCHEDULE, "Target": {**SCHEDULE["Target"], "SqsParameters": {"MessageGroupId": "x" * 129}}},
        "129 characters, more than 128",
    ),
    (
        "scheduler",
        "create_schedule",
        {**SCHEDULE, "Target": {**SCHEDULE["Target"], "RetryPolicy": {"MaximumRetryAttempts": 186}}},
        "more than 185",
    ),
    ("sqs", "send_message", {**MESSAGE, "MessageGroupId": "x" * 129}, "129 characters, more than 128"),
    ("sqs", "send_message", {**MESSAGE, "MessageDeduplicationId": "größe"}, "does not match"),
    ("sqs", "send_message", {**MESSAGE, "MessageBody": "\x00"}, "does not match"),
    ("sqs", "receive_message", {"QueueUrl": MESSAGE["QueueUrl"], "MaxNumberOfMessages": 11}, "more than 10"),
    (
        "sqs",
        "send_message_batch",
        {"QueueUrl": MESSAGE["QueueUrl"], "Entries": [{"Id": "1", "MessageBody": "x" * 600_000}] * 2},
        "two entries have one Id",
    ),
    ("dynamodb", "get_item", {"TableName": "ab", "Key": {}, "ReturnConsumedCapacity": "ALL"}, "none of INDEXES"),
    ("secretsmanager", "get_secret_value", {"SecretId": "x" * 2049}, "more than 2048"),
]


@pytest.mark.parametrize(("service", "operation", "request_", "complaint"), WRONG)
def test_a_request_that_aws_would_refuse_fails_the_test(
    service: str, operation: str, request_: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(strict.WouldBeRefused, match=complaint):
        getattr(aws.client(service, "http://127.0.0.1:9"), operation)(**request_)
    with pytest.raises(AssertionError, match=complaint):  # at the test's end, had the first been swallowed
        strict.settle()


async def test_an_adapters_request_is_checked_as_well(aws: str) -> None:
    """T2: schedule names of more than 64 characters."""
    arns: Any = {
        "role_arn": SCHEDULE["Target"]["RoleArn"],
        "queue_arns": {Into.NUDGES: SCHEDULE["Target"]["Arn"]},
    }
    async with EventBridge(aioboto3.Session(), group="default", region="us-east-1", **arns) as timers:
        with pytest.raises(strict.WouldBeRefused, match=r"Name 'x+' has 65 characters"):
            await timers.once(LONG, START + timedelta(days=1), message=message())
    with pytest.raises(AssertionError, match="65 characters"):
        strict.settle()


async def test_what_slack_or_linear_would_refuse_fails_the_test_even_if_nobody_minds() -> None:
    """T5"""
    slack, linear = httpx.ASGITransport(SlackSim().app()), httpx.ASGITransport(LinearSim().app())
    async with httpx.AsyncClient(transport=slack, base_url="http://slack") as http:
        token = {"Authorization": f"Bearer {cast.BOT_TOKEN}"}
        await http.post("/api/conversations.create", headers=token, json={"name": "Two Words", "is_private": True})
    with pytest.raises(AssertionError, match="Slack: invalid_name_specials"):
        strict.settle()
    async with httpx.AsyncClient(transport=linear, base_url="http://linear") as http:
        unknown = {"query": "{ users { nodes { mood } } }"}
        await http.post("/graphql", headers={"Authorization": cast.LINEAR_KEY}, json=unknown)
    with pytest.raises(AssertionError, match="Cannot query field 'mood' on type 'User'"):
        strict.settle()


def test_moto_alone_would_take_it() -> None:
    """Why all this is needed."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    moto.start()
    host, port = moto.get_host_and_port()
    with strict.on_purpose():
        aws.client("scheduler", f"http://{host}:{port}").create_schedule(**{**SCHEDULE, "Name": LONG})
    moto.stop()


@pytest.mark.parametrize(("service", "operation", "request_", "complaint"), WRONG)
def test_the_sandboxs_aws_refuses_it(
    aws_endpoint: str, service: str, operation: str, request_: dict[str, Any], complaint: str
) -> None:
    """The pods of a sandbox are processes of their own, out of this check's sight."""
    with strict.on_purpose(), pytest.raises(ClientError, match=complaint) as refusal:
        getattr(aws.client(service, aws_endpoint), operation)(**request_)
    assert refusal.value.response["Error"]["Code"] in {"ValidationException", "InvalidParameterValue"}
