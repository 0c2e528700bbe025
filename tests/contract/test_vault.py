"""The vault, as S3 under Object Lock keeps it and as the in-memory twin does: what was kept once is there for good."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import aioboto3
import pytest
from aiobotocore.config import AioConfig

from app import clock
from app.domain.sweep import Head
from app.effects.s3_vault import S3Vault
from app.errors import VendorRefused
from app.sim import aws
from app.sim.memory_vault import MemoryVault
from tests.contract.conftest import moto

FIRST, LATER = Head(31, "a" * 64), Head(34, "b" * 64)
CONFIG = AioConfig(retries={"total_max_attempts": 1})


@pytest.fixture
async def s3() -> AsyncIterator[S3Vault]:
    with moto() as endpoint:
        aws.create_bucket(endpoint)
        session = aioboto3.Session(aws.ACCESS_KEY, aws.SECRET_KEY, region_name=aws.REGION)
        async with session.client("s3", endpoint_url=endpoint, config=CONFIG) as client:
            yield S3Vault(client, aws.ARCHIVE_BUCKET)


@pytest.fixture(params=["s3", "memory"])
def vault(request: pytest.FixtureRequest) -> S3Vault | MemoryVault:
    return request.getfixturevalue("s3") if request.param == "s3" else MemoryVault()


async def test_a_later_head_stands_beside_the_first_and_twice_is_once(vault: S3Vault | MemoryVault) -> None:
    assert await vault.kept() == []
    for head in (FIRST, LATER, FIRST):
        await vault.keep("inc1", head)
    await vault.keep("inc2", FIRST)
    kept = await vault.kept()
    assert {(one.incident_id, one.head) for one in kept} == {("inc1", FIRST), ("inc1", LATER), ("inc2", FIRST)}
    assert all(abs(one.at - clock.now()) < timedelta(minutes=5) for one in kept)


async def test_what_somebody_deletes_is_still_there(s3: S3Vault) -> None:
    """G7: a delete marker over a locked object hides it from who lists objects, and the version stays."""
    await s3.keep("inc1", FIRST)
    [kept] = (await s3._client.list_objects_v2(Bucket=aws.ARCHIVE_BUCKET))["Contents"]
    await s3._client.delete_object(Bucket=aws.ARCHIVE_BUCKET, Key=kept["Key"])
    await s3._client.put_object(Bucket=aws.ARCHIVE_BUCKET, Key="heads/inc1/readme.txt")  # no head: not ours
    assert (await s3._client.list_objects_v2(Bucket=aws.ARCHIVE_BUCKET))["KeyCount"] == 1
    assert [one.head for one in await s3.kept()] == [FIRST]


async def test_more_than_a_page_of_heads_hides_none(s3: S3Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """G7."""
    listed = s3._client.list_object_versions
    monkeypatch.setattr(s3._client, "list_object_versions", lambda **given: listed(**given, MaxKeys=2))
    for number in range(5):
        await s3.keep(f"inc{number}", FIRST)
    assert sorted(one.incident_id for one in await s3.kept()) == [f"inc{number}" for number in range(5)]


async def test_a_bucket_that_is_not_there_is_told(s3: S3Vault) -> None:
    elsewhere = S3Vault(s3._client, "no-such-bucket")
    with pytest.raises(VendorRefused, match="NoSuchBucket"):
        await elsewhere.keep("inc1", FIRST)
    with pytest.raises(VendorRefused, match="NoSuchBucket"):
        await elsewhere.kept()
