"""The only time and the only randomness in the house.

Two times, because two kinds of things are timed:

* ``now()`` is the time of the people: audit events, nudges, archive delays. A sandbox may run it faster
  than the world (``SANDBOX_CLOCK``), so that fifteen minutes pass while one watches.
* ``wall()`` is the time of the machines: signatures, leases, measured latencies. It is never sped up.

In production the two are the same.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime: ...
    def wall(self) -> float: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...
    def new_id(self) -> str: ...


@dataclass(frozen=True)
class RealClock:
    """The world's clock, run ``speed`` times as fast from ``epoch`` on (unix seconds; speed 1: the plain clock)."""

    epoch: float = 0.0
    speed: float = 1.0

    @classmethod
    def parse(cls, setting: str) -> RealClock:
        """From ``<unix s>,<speed>``, as SANDBOX_CLOCK has it."""
        epoch, speed = setting.split(",")
        return cls(float(epoch), float(speed))

    def now(self) -> datetime:
        wall = time.time()
        story = wall if self.speed == 1.0 else self.epoch + (wall - self.epoch) * self.speed
        return datetime.fromtimestamp(story, UTC)

    def wall(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep that many of the people's seconds."""
        await asyncio.sleep(seconds / self.speed)

    def new_id(self) -> str:
        return uuid.uuid4().hex


_clock: Clock = RealClock()


def install(clock: Clock) -> None:
    """Put another clock in, for the whole process: a sandbox's faster one, or a test's."""
    global _clock
    _clock = clock


def installed() -> Clock:
    return _clock


def now() -> datetime:
    """The time of the people, UTC."""
    return _clock.now()


def wall() -> float:
    """The time of the machines, unix seconds."""
    return _clock.wall()


def monotonic() -> float:
    """Seconds that only ever grow: for measuring and for deadlines."""
    return _clock.monotonic()


async def sleep(seconds: float) -> None:
    await _clock.sleep(seconds)


def new_id() -> str:
    """32 random hex digits."""
    return _clock.new_id()
