"""AWS for the sandbox: the tables, queues, secret and schedule group that a deployment gets from its substrate.

moto's server (``moto_server.py``) plays AWS; ``provision`` creates in it what CloudFormation creates in earnest, from
the same file (``substrate.py``). The credentials are dummies: nothing here reaches a real account.
"""

from __future__ import annotations

import json
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.loaders import create_loader

from app.sim import cast, substrate

REGION = substrate.REGION
ACCOUNT = substrate.ACCOUNT
ACCESS_KEY = SECRET_KEY = "sandbox"  # noqa: S105 - worthless: moto asks for some

INCIDENTS_TABLE = substrate.name("IncidentsTable")
AUDIT_TABLE = substrate.name("AuditTable")
INCIDENT_EVENTS = substrate.name("IncidentEventsQueue")
NUDGE_EVENTS = substrate.name("NudgeEventsQueue")
SLA_CHECK = substrate.name("SlaCheckQueue")
SCHEDULE_GROUP = substrate.name("ScheduleGroup")
SCHEDULER_ROLE_ARN = substrate.arn("SchedulerRole")
ARCHIVE_BUCKET = substrate.name("ArchiveBucket")


_LOADER = create_loader()  # of AWS's own descriptions of its services, which are large: each is read once
# The rest of a table's properties are calls of their own.
_OF_A_NEW_TABLE = ("TableName", "BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")


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
    """What CloudFormation makes of the template; moto's own does not know all of its types."""
    create_tables(endpoint)
    dynamodb = client("dynamodb", endpoint)
    for logical in substrate.of_type("AWS::DynamoDB::Table"):  # not in create_tables: DynamoDB Local knows no backups
        recovery = substrate.properties(logical)["PointInTimeRecoverySpecification"]
        dynamodb.update_continuous_backups(TableName=substrate.name(logical), PointInTimeRecoverySpecification=recovery)
    sqs = client("sqs", endpoint)
    for logical in substrate.of_type("AWS::SQS::Queue"):
        made = substrate.properties(logical)
        sqs.create_queue(QueueName=made.pop("QueueName"), Attributes={key: _text(value) for key, value in made.items()})
    client("scheduler", endpoint).create_schedule_group(Name=SCHEDULE_GROUP)
    create_bucket(endpoint)
    client("secretsmanager", endpoint).create_secret(Name=cast.HMAC_SECRET_ID, SecretString=cast.HMAC_SECRET)


def create_tables(endpoint: str) -> None:
    dynamodb = client("dynamodb", endpoint)
    for logical in substrate.of_type("AWS::DynamoDB::Table"):
        made = substrate.properties(logical)
        dynamodb.create_table(**{key: made[key] for key in _OF_A_NEW_TABLE})
        dynamodb.update_time_to_live(
            TableName=made["TableName"], TimeToLiveSpecification=made["TimeToLiveSpecification"]
        )


def create_bucket(endpoint: str) -> None:
    made = substrate.properties("ArchiveBucket")
    s3 = client("s3", endpoint)
    s3.create_bucket(Bucket=ARCHIVE_BUCKET, ObjectLockEnabledForBucket=made["ObjectLockEnabled"])
    s3.put_object_lock_configuration(Bucket=ARCHIVE_BUCKET, ObjectLockConfiguration=made["ObjectLockConfiguration"])


def _text(value: Any) -> str:
    """SQS takes every attribute as text."""
    return json.dumps(value) if isinstance(value, (dict, bool)) else str(value)
