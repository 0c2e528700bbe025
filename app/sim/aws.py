"""AWS for the sandbox: the tables, queues, secret and schedule group that a deployment gets from its substrate.

moto's server (``moto_server.py``) plays AWS; ``provision`` creates in it what Terraform creates in earnest, with the
same keys, indexes and attributes (docs/architecture.md). The credentials are dummies: nothing here reaches a real
account.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.loaders import create_loader

from app.sim import cast

REGION = "us-east-1"
ACCOUNT = "123456789012"  # moto's
ACCESS_KEY = SECRET_KEY = "sandbox"  # noqa: S105 - worthless: moto asks for some

INCIDENTS_TABLE = "incident-response-sandbox-incidents"
AUDIT_TABLE = "incident-response-sandbox-audit"
INCIDENT_EVENTS = "incident-events.fifo"
NUDGE_EVENTS = "nudge-events.fifo"
SLA_CHECK = "sla-check.fifo"
SCHEDULE_GROUP = "incident-response-sandbox"
SCHEDULER_ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/incident-response-sandbox-scheduler"

# Far above the processor's own limit, which parks with a reason; SQS moves without one, and counts every message that
# was given back unworked behind a failed one.
_RECEIVES_MAX = 100
_VISIBILITY_S = 30
_LOADER = create_loader()  # of AWS's own descriptions of its services, which are large: each is read once
_DLQ_RETENTION_S = 14 * 86_400


def client(service: str, endpoint: str) -> Any:
    """A blocking client of the sandbox's AWS. It sees no environment, profile or metadata service."""
    session = botocore.session.Session()
    session.register_component("data_loader", _LOADER)
    return session.create_client(
        service,
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2}),
    )


def queue_url(endpoint: str, queue: str) -> str:
    return f"{endpoint}/{ACCOUNT}/{queue}"


def queue_arn(queue: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"


def dead_letter(queue: str) -> str:
    """The queue of what could not be handled. A FIFO queue's is FIFO too."""
    return queue.removesuffix(".fifo") + "-dlq.fifo"


def provision(endpoint: str) -> None:
    create_tables(endpoint)
    dynamodb = client("dynamodb", endpoint)
    for table in (INCIDENTS_TABLE, AUDIT_TABLE):  # not in create_tables: DynamoDB Local knows no backups
        dynamodb.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    sqs = client("sqs", endpoint)
    for queue in (INCIDENT_EVENTS, NUDGE_EVENTS, SLA_CHECK):
        _create_queue(sqs, queue)
    client("secretsmanager", endpoint).create_secret(Name=cast.HMAC_SECRET_ID, SecretString=cast.HMAC_SECRET)
    client("scheduler", endpoint).create_schedule_group(Name=SCHEDULE_GROUP)


def create_tables(endpoint: str) -> None:
    dynamodb = client("dynamodb", endpoint)
    _create_table(dynamodb, INCIDENTS_TABLE, "status-index", ("status", "created_at"))
    _create_table(dynamodb, AUDIT_TABLE, "event-type-index", ("type", "at"))


def _create_table(dynamodb: Any, name: str, index: str, index_key: Sequence[str]) -> None:
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("PK", "SK", *index_key)],
        KeySchema=_key_schema(("PK", "SK")),
        GlobalSecondaryIndexes=[
            {"IndexName": index, "KeySchema": _key_schema(index_key), "Projection": {"ProjectionType": "ALL"}}
        ],
    )
    dynamodb.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )


def _key_schema(names: Sequence[str]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=True)]


def _create_queue(sqs: Any, queue: str) -> None:
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}  # EventBridge Scheduler sends no id of its own
    sqs.create_queue(QueueName=dead_letter(queue), Attributes={**fifo, "MessageRetentionPeriod": str(_DLQ_RETENTION_S)})
    redrive = {"deadLetterTargetArn": queue_arn(dead_letter(queue)), "maxReceiveCount": _RECEIVES_MAX}
    sqs.create_queue(
        QueueName=queue,
        Attributes={**fifo, "VisibilityTimeout": str(_VISIBILITY_S), "RedrivePolicy": json.dumps(redrive)},
    )
