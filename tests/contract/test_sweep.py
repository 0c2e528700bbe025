"""The sweep over a table: everything is looked at, however much it is (G7)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator

import aioboto3
import pytest
from aiobotocore.config import AioConfig
from boto3.dynamodb.types import TypeSerializer

from app.domain.audit import AuditType, Fact
from app.domain.change import Change
from app.domain.sweep import Head
from app.effects.dynamodb import DynamoStore
from app.effects.s3_vault import S3Vault
from app.sim import aws
from app.sim.memory_vault import MemoryVault
from app.sweep import sweep
from tests.conftest import Serve
from tests.contract.conftest import moto
from tests.e2e.otlp import Collector
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


async def test_more_than_a_page_of_events_hides_nothing(store: DynamoStore) -> None:
    began = Fact(type=AuditType.ALERT_RECEIVED, actor="system", details={"text": LONG * 2})
    for number in range(INCIDENTS):
        await store.commit(Change(incident(f"G{number}", channel_id=None), [began], AT, create=True))
    last = await store.incident_of_alert(f"G{INCIDENTS - 1}") or await stored(store, incident("last", channel_id=None))
    for _ in range(60):
        last = await store.commit(Change(last, [NOISE], AT))
    stray = Fact(type=AuditType.STATUSPAGE_PUBLISHED, actor="slack:U1", details={"draft_id": "d1", "sha256": "0" * 64})
    last = await store.commit(Change(last, [stray], AT))

    swept = await sweep(store, MemoryVault())
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
    swept = await sweep(store, MemoryVault())
    assert swept.violations == {of.id: ["number 2 (NUDGE_SENT) was changed after it was written"]}


async def forget(store: DynamoStore, incident_id: str) -> None:
    """Every item of an incident, out of both tables."""
    for table in (aws.INCIDENTS_TABLE, aws.AUDIT_TABLE):
        for item in (await store._client.scan(TableName=table))["Items"]:
            if item["PK"]["S"] == f"INCIDENT#{incident_id}":
                await store._client.delete_item(TableName=table, Key={"PK": item["PK"], "SK": item["SK"]})


async def test_a_trail_that_was_rewritten_from_end_to_end_is_seen_by_its_archived_head(store: DynamoStore) -> None:
    """G7: in both tables, so that every link holds; and with a head of its own in the archive beside the true one."""
    of = await stored(store, incident("G1", channel_id=None))
    of = await store.commit(Change(of, [NOISE], AT))
    other = await stored(store, incident("G2", channel_id=None))
    endpoint = store._client.meta.endpoint_url
    aws.create_bucket(endpoint)
    session = aioboto3.Session(aws.ACCESS_KEY, aws.SECRET_KEY, region_name=aws.REGION)
    async with session.client("s3", endpoint_url=endpoint) as client:
        vault = S3Vault(client, aws.ARCHIVE_BUCKET)
        for one in (of, other):
            await vault.keep(one.id, Head(one.audit_seq, one.audit_head))
        assert (await sweep(store, vault)).violations == {}

        await forget(store, of.id)
        forged = await stored(store, incident("G1", channel_id=None))
        forged = await store.commit(Change(forged, [NOISE.model_copy(update={"actor": "slack:U9"})], AT))
        await vault.keep(forged.id, Head(forged.audit_seq, forged.audit_head))
        assert (await sweep(store, MemoryVault())).violations == {}  # by itself it holds together
        [(where, [found])] = (await sweep(store, vault)).violations.items()
        assert (where, found[:8]) == (of.id, "number 2")

        await forget(store, other.id)
        assert "its trail is gone" in (await sweep(store, vault)).violations[other.id][0]


async def test_a_sweep_that_went_through_is_told_and_one_that_broke_off_is_missed(
    store: DynamoStore, serve: Serve
) -> None:
    """G7: whoever waits for the number hears of a sweep that did not happen, whatever kept it."""
    await stored(store, incident("G1", channel_id=None))
    collector = Collector()
    told = {
        "AWS_ENDPOINT_URL": store._client.meta.endpoint_url,
        "AWS_ACCESS_KEY_ID": aws.ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": aws.SECRET_KEY,
        "AWS_REGION": aws.REGION,
        "INCIDENTS_TABLE_NAME": aws.INCIDENTS_TABLE,
        "AUDIT_TABLE_NAME": aws.AUDIT_TABLE,
        "ENVIRONMENT": "staging",
        "OTEL_EXPORTER_OTLP_ENDPOINT": serve(collector.app()),
    }

    def run(**other: str) -> int:
        command = [sys.executable, "-m", "app.cli", "audit", "sweep", "--json"]
        return subprocess.run(command, env=told | other, capture_output=True, timeout=110, check=False).returncode

    assert run(AUDIT_TABLE_NAME="nowhere") == 2
    assert collector.series == {}
    assert run() == 0
    assert collector.series['swept_trails{environment="staging"}'] == 1
    assert collector.series['gate_violation_count_total{environment="staging"}'] == 0
