"""The secrets that senders sign with: fresh enough, and never at the price of a call per request."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from app import clock
from app.errors import VendorUnavailable
from app.webhook.limits import RateLimit
from app.webhook.secret_cache import FRESH_S, READ_AGAIN_S, SecretCache


class HandClock:
    """Real in all but the seconds that are measured: those pass when they are told to."""

    def __init__(self) -> None:
        self._real = clock.RealClock()
        self.at = 1_000.0

    def now(self) -> datetime:
        return self._real.now()

    def wall(self) -> float:
        return self._real.wall()

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds

    def new_id(self) -> str:
        return self._real.new_id()


@dataclass
class Store:
    """Secrets Manager, as far as the cache sees it."""

    valid: dict[str, str] = field(default_factory=lambda: {"v1": "one"})
    down: bool = False
    reads: int = 0

    async def versions(self) -> dict[str, str]:
        self.reads += 1
        await asyncio.sleep(0)  # so that others come while it is under way
        if self.down:
            raise VendorUnavailable("Secrets Manager", "GetSecretValue", "no answer")
        return dict(self.valid)


@pytest.fixture
def time() -> Iterator[HandClock]:
    before, hand = clock.installed(), HandClock()
    clock.install(hand)
    yield hand
    clock.install(before)


async def test_it_is_read_once_in_five_minutes(time: HandClock) -> None:
    store = Store()
    cache = SecretCache(store)

    assert [await cache.values() for _ in range(3)] == [("one",)] * 3
    time.at += FRESH_S - 1
    await cache.values()
    assert store.reads == 1

    time.at += 1
    await cache.values()
    assert store.reads == 2


async def test_many_at_once_share_one_read(time: HandClock) -> None:
    """X1: single-flight."""
    store = Store()
    cache = SecretCache(store)
    assert await asyncio.gather(*(cache.values() for _ in range(50))) == [("one",)] * 50
    assert store.reads == 1


async def test_mismatches_cost_one_read_in_ten_seconds(time: HandClock) -> None:
    """X1: fifty anonymous requests are not fifty calls."""
    store = Store()
    cache = SecretCache(store)
    await cache.values()
    time.at += READ_AGAIN_S

    await asyncio.gather(*(cache.after_mismatch() for _ in range(50)))
    assert store.reads == 2
    time.at += READ_AGAIN_S - 0.1
    await cache.after_mismatch()
    assert store.reads == 2
    time.at += 0.1
    await cache.after_mismatch()
    assert store.reads == 3


async def test_a_rotation_is_seen_at_the_first_mismatch(time: HandClock) -> None:
    store = Store()
    cache = SecretCache(store)
    await cache.values()
    time.at += READ_AGAIN_S
    store.valid = {"v2": "two", "v1": "one"}

    assert await cache.values() == ("one",)
    assert await cache.after_mismatch() == ("two", "one")
    assert await cache.values() == ("two", "one")


async def test_a_version_that_is_no_longer_valid_is_forgotten(time: HandClock) -> None:
    store = Store(valid={"v2": "two", "v1": "one"})
    cache = SecretCache(store)
    await cache.values()
    store.valid = {"v2": "two"}
    time.at += FRESH_S
    assert await cache.values() == ("two",)


async def test_what_was_read_last_is_believed_while_the_store_is_down(time: HandClock) -> None:
    store = Store()
    cache = SecretCache(store)
    await cache.values()
    store.down = True
    time.at += 10 * FRESH_S
    assert await cache.values() == ("one",)
    assert await cache.after_mismatch() == ("one",)

    store.down, store.valid = False, {"v2": "two"}
    time.at += READ_AGAIN_S
    assert await cache.values() == ("two",)


async def test_a_secret_that_was_never_read_is_said_to_be_missing(time: HandClock) -> None:
    store = Store(down=True)
    cache = SecretCache(store)
    with pytest.raises(VendorUnavailable, match="GRAFANA_ONCALL_HMAC_SECRET_ID"):
        await cache.values()
    with pytest.raises(VendorUnavailable):
        await cache.values()
    assert store.reads == 1, "not more often than once in ten seconds, also when it fails"

    store.down = False
    time.at += READ_AGAIN_S
    assert await cache.values() == ("one",)


def test_the_rate_limit_gives_each_sender_its_own_allowance(time: HandClock) -> None:
    """X6: so much per second and sender, and the bucket fills again with time."""
    limit = RateLimit(per_second=0.2)  # in a burst, ten seconds' worth: 2
    assert [limit.take("a") for _ in range(2)] == [0, 0]
    assert limit.take("a") == pytest.approx(5)
    assert limit.take("b") == 0

    time.at += 5
    assert limit.take("a") == 0
    assert limit.take("a") > 0
    time.at += 3_600
    assert [limit.take("a") for _ in range(3)] == [0, 0, pytest.approx(5)], "an hour's rest is no hour's worth"


def test_the_rate_limit_remembers_only_so_many(time: HandClock) -> None:
    """X6: a flood from many addresses does not fill the memory, and the one who keeps coming is not forgotten."""
    limit = RateLimit(per_second=0.1)
    limit.take("gone")
    limit.take("persistent")
    for number in range(10_000):
        limit.take(f"passer-by {number}")
        assert limit.take("persistent") > 0
    assert limit.take("gone") == 0, "forgotten, so with a full bucket"
