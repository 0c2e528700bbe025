"""The sandbox's AWS refuses a pod what its role does not allow, in AWS's own words, and the adapters understand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aioboto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from app.domain.sweep import Head
from app.effects.s3_vault import S3Vault
from app.errors import VendorRefused
from app.sim import aws

KEY = {"PK": {"S": "INCIDENT#1"}, "SK": {"S": "EVENT#00000001"}}
Call = Callable[[Any], object]

# Whose right it is not, of which service, and what it would be good for.
DENIED: list[tuple[str, str, Call]] = [
    ("processor", "dynamodb", lambda it: it.delete_item(TableName=aws.AUDIT_TABLE, Key=KEY)),  # to lose a trail
    ("processor", "dynamodb", lambda it: it.get_item(TableName=aws.AUDIT_TABLE, Key=KEY)),
    ("processor", "dynamodb", lambda it: it.scan(TableName=aws.INCIDENTS_TABLE)),
    (
        "processor",
        "dynamodb",
        lambda it: it.transact_write_items(TransactItems=[{"Delete": {"TableName": aws.AUDIT_TABLE, "Key": KEY}}]),
    ),
    ("processor", "s3", lambda it: it.list_object_versions(Bucket=aws.ARCHIVE_BUCKET)),
    ("processor", "s3", lambda it: it.put_object(Bucket=aws.ARCHIVE_BUCKET, Key="else/where")),
    ("processor", "s3", lambda it: it.put_bucket_versioning(Bucket=aws.ARCHIVE_BUCKET, VersioningConfiguration={})),
    ("processor", "secretsmanager", lambda it: it.get_secret_value(SecretId="incident-response/sandbox/x")),
    ("webhook", "dynamodb", lambda it: it.get_item(TableName=aws.INCIDENTS_TABLE, Key=KEY)),
    ("webhook", "sqs", lambda it: it.receive_message(QueueUrl=aws.queue_url("http://x", aws.INCIDENT_EVENTS))),
    ("sweep", "dynamodb", lambda it: it.put_item(TableName=aws.AUDIT_TABLE, Item=KEY)),
    ("sweep", "s3", lambda it: it.put_object(Bucket=aws.ARCHIVE_BUCKET, Key="heads/1/2")),
]


@pytest.mark.parametrize(("role", "service", "call"), DENIED)
def test_what_a_role_does_not_allow_is_denied(aws_endpoint: str, role: str, service: str, call: Call) -> None:
    """X3, G7: what a pod does not have cannot be taken from it."""
    import botocore.session

    client = botocore.session.Session().create_client(
        service, region_name=aws.REGION, endpoint_url=aws_endpoint, aws_access_key_id=role,
        aws_secret_access_key="x", config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip
    with pytest.raises(ClientError) as refused:
        call(client)
    assert refused.value.response["Error"]["Code"].startswith("AccessDenied")


async def test_a_denial_is_told_and_is_not_tried_again(aws_endpoint: str) -> None:
    session = aioboto3.Session("sweep", "x", region_name=aws.REGION)
    async with session.client("s3", endpoint_url=aws_endpoint) as client:
        with pytest.raises(VendorRefused, match="AccessDenied"):
            await S3Vault(client, aws.ARCHIVE_BUCKET).keep("inc1", Head(1, "a" * 64))
