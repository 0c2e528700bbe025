"""Time that passes only when everybody waits: an event loop that leaps to the next timer instead of sleeping.

Deadlines, pauses and clocks all follow it, so that hours of waiting take milliseconds and come out the same every time.
"""

from __future__ import annotations

import asyncio
import itertools
import selectors
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from app import clock

EPOCH = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

T = TypeVar("T")


class _Leaping(selectors.SelectSelector):
    """Where the loop would wait for the world, its time goes on at once."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise RuntimeError("everybody waits and nothing will happen: a task waits for what no task will do")
        self.elapsed += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.elapsed


@dataclass(frozen=True)
class VirtualClock:
    """``clock.Clock`` on a virtual loop: the people's time and the machines' are one, and ids are counted."""

    loop: VirtualLoop
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.wall(), UTC)

    def wall(self) -> float:
        return EPOCH.timestamp() + self.loop.time()

    def monotonic(self) -> float:
        return self.loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def new_id(self) -> str:
        return f"{next(self._ids):032x}"


def run(story: Coroutine[Any, Any, T]) -> T:
    """Run it from ``EPOCH`` on, with the house's clock following."""
    before, loop = clock.installed(), VirtualLoop()
    clock.install(VirtualClock(loop))
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(story)
    finally:
        clock.install(before)
