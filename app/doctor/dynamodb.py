"""DynamoDB: both tables and their indexes, with nothing but the rights that the processor has.

A tenant may lack every Describe, so keys are proven by reading a key that nobody has, and the right to write by a put
whose condition cannot hold. What AWS tells nowhere else is described, and may stay untold; so may what only the sweep's
role may ask.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from botocore.exceptions import ClientError

from app.doctor import aws
from app.doctor.check import Check, CouldNotTell, Failed
from app.doctor.deployment import Deployment

_NOBODY = {"PK": {"S": "DOCTOR#nobody"}, "SK": {"S": "DOCTOR"}}
_TTL_ATTRIBUTE = "expires_at"

Look = Callable[[Any, str], Awaitable[str]]  # a client and a table: what was found, or raises


async def _keys(deployment: Deployment) -> str:
    async def read(dynamodb: Any, table: str) -> str:
        await dynamodb.query(
            TableName=table,
            KeyConditionExpression="PK = :nobody AND SK = :nobody",
            ExpressionAttributeValues={":nobody": _NOBODY["PK"]},
            ConsistentRead=True,
        )
        return "PK and SK"

    return await _each_table(deployment, read)


async def _indexes(deployment: Deployment) -> str:
    settings = deployment.settings
    indexes = {
        settings.incidents_table_name: ("status-index", "status", "created_at"),
        settings.audit_table_name: ("event-type-index", "type", "at"),
    }

    async def query(dynamodb: Any, table: str) -> str:
        index, partition, sort = indexes[table]
        try:
            await dynamodb.query(
                TableName=table,
                IndexName=index,
                KeyConditionExpression="#partition = :nobody AND #sort > :nobody",
                ExpressionAttributeNames={"#partition": partition, "#sort": sort},
                ExpressionAttributeValues={":nobody": _NOBODY["PK"]},
                Limit=1,
            )
        except ClientError as error:
            if table == settings.audit_table_name and aws.denied(error):
                raise CouldNotTell(f"{index} is for the sweep's role alone to query") from error
            raise
        return index

    return await _each_table(deployment, query)


async def _writes(deployment: Deployment) -> str:
    async def put(dynamodb: Any, table: str) -> str:
        try:
            await dynamodb.put_item(TableName=table, Item=_NOBODY, ConditionExpression="attribute_exists(PK)")
        except ClientError as error:
            if aws.code(error) != "ConditionalCheckFailedException":
                raise
        return "may be written"

    return await _each_table(deployment, put)


async def _ttl(deployment: Deployment) -> str:
    async def describe(dynamodb: Any, table: str) -> str:
        found = (await dynamodb.describe_time_to_live(TableName=table))["TimeToLiveDescription"]
        if found.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
            raise Failed("expired items are never deleted")
        if found.get("AttributeName") != _TTL_ATTRIBUTE:
            raise Failed(f"it looks at {found.get('AttributeName')}, not at {_TTL_ATTRIBUTE}")
        return "on"

    return await _each_table(deployment, describe)


async def _point_in_time(deployment: Deployment) -> str:
    async def describe(dynamodb: Any, table: str) -> str:
        found = (await dynamodb.describe_continuous_backups(TableName=table))["ContinuousBackupsDescription"]
        if found["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] != "ENABLED":
            raise Failed("off")
        return "on"

    return await _each_table(deployment, describe)


async def _each_table(deployment: Deployment, look: Look) -> str:
    tables = (deployment.settings.incidents_table_name, deployment.settings.audit_table_name)
    dynamodb = await deployment.aws("dynamodb")
    results = await asyncio.gather(*(_looked(look, dynamodb, table) for table in tables))
    told = "; ".join(f"{table}: {words}" for table, (_, words) in zip(tables, results, strict=True))
    kinds = {kind for kind, _ in results}
    if Failed in kinds:
        raise Failed(told)
    if CouldNotTell in kinds:
        raise CouldNotTell(told)
    return told


async def _looked(look: Look, dynamodb: Any, table: str) -> tuple[type[Failed] | None, str]:
    try:
        return None, await look(dynamodb, table)
    except Failed as error:
        return type(error), error.found
    except ClientError as error:
        # Not to be allowed to describe is usual; not to be allowed to read or write is what is looked for.
        unsure = aws.denied(error) and error.operation_name.startswith("Describe")
        return (CouldNotTell if unsure else Failed), f"{error.operation_name} {aws.code(error)}"


_KEYS = "DynamoDB: tables"

CHECKS = (
    Check(
        _KEYS,
        "both tables exist, may be read, and have the keys PK and SK",
        "check INCIDENTS_TABLE_NAME and AUDIT_TABLE_NAME, the pod's role, and the keys in docs/architecture.md",
        _keys,
    ),
    Check(
        "DynamoDB: indexes",
        "`status-index` (status, created_at) and `event-type-index` (type, at) exist and may be queried",
        "create the index on the table, projecting all attributes, and allow dynamodb:Query on it",
        _indexes,
        after=_KEYS,
    ),
    Check(
        "DynamoDB: writes",
        "both tables may be written (a put whose condition cannot hold: nothing is written)",
        "allow the pod's role dynamodb:PutItem on both tables",
        _writes,
        after=_KEYS,
    ),
    Check(
        "DynamoDB: expiry",
        f"items expire by `{_TTL_ATTRIBUTE}`",
        f"turn on TTL of both tables with the attribute {_TTL_ATTRIBUTE} (DynamoDB console, Additional settings)",
        _ttl,
        after=_KEYS,
    ),
    Check(
        "DynamoDB: point-in-time recovery",
        "both tables can be restored to any second",
        "turn on point-in-time recovery of both tables (DynamoDB console, Backups)",
        _point_in_time,
        after=_KEYS,
    ),
)
