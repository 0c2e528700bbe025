"""The sweep over a table: everything is looked at, however much it is (G7)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aioboto3
import pytest
from aiobotocore.config import AioConfig
from boto3.dynamodb.types import TypeSerializer

from app.domain.audit import AuditType, Fact
from app.domain.change import Change
from app.effects.dynamodb import DynamoStore
from app.sim import aws
from app.sweep import sweep
from tests.contract.conftest import moto
from tests.factories import AT, incident, stored

INCIDENTS = 30
LONG = "x" * 20_000  # twice each: 30 of them fill more than a page of 1 MB, of the index and of one trail alike
NOISE = Fact(type=AuditType.NUDGE_SENT, actor="system", details={"text": LONG})


@pytest.fixture
async def store() -> AsyncIterator[DynamoStore]:
    with moto() as endpoint:
        aws.create_tables(endpoint)
        session = aioboto3.Session(aws.ACCESS_KEY, aws.SECRET_KEY, region_name=aws.REGION)
        config = AioConfig(retries={"total_max_attempts": 1})
        async with session.client("dynamodb", endpoint_url=endpoint, config=config) as client:
            yield DynamoStore(client, incidents_table=aws.INCIDENTS_TABLE, audit_table=aws.AUDIT_TABLE)


async def nothing_kept(_: str) -> None:
    return None


async def test_more_than_a_page_of_events_hides_nothing(store: DynamoStore) -> None:
    began = Fact(type=AuditType.ALERT_RECEIVED, actor="system", details={"text": LONG * 2})
    for number in range(INCIDENTS):
        await store.commit(Change(incident(f"G{number}", channel_id=None), [began], AT, create=True))
    last = await store.incident_of_alert(f"G{INCIDENTS - 1}") or await stored(store, incident("last", channel_id=None))
    for _ in range(60):
        last = await store.commit(Change(last, [NOISE], AT))
    stray = Fact(type=AuditType.STATUSPAGE_PUBLISHED, actor="slack:U1", details={"draft_id": "d1", "sha256": "0" * 64})
    last = await store.commit(Change(last, [stray], AT))

    swept = await sweep(store, nothing_kept)
    assert swept.incidents >= INCIDENTS
    assert swept.events >= INCIDENTS + 61
    assert swept.violations == {
        last.id: [f"number {last.audit_seq}: draft d1 was published, and these bytes were not approved"]
    }


async def test_an_event_that_was_changed_in_the_table_is_seen(store: DynamoStore) -> None:
    of = await stored(store, incident("G1", channel_id=None))
    of = await store.commit(Change(of, [NOISE], AT))
    serialize = TypeSerializer().serialize
    await store._client.update_item(
        TableName=aws.AUDIT_TABLE,
        Key={"PK": serialize(f"INCIDENT#{of.id}"), "SK": serialize("EVENT#00000002")},
        UpdateExpression="SET actor = :nobody",
        ExpressionAttributeValues={":nobody": serialize("slack:U9")},
    )
    swept = await sweep(store, nothing_kept)
    assert swept.violations == {of.id: ["number 2 (NUDGE_SENT) was changed after it was written"]}
