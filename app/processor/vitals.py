"""The processor's own signs of life: how full its queues are, whether it works, and a beat for who watches outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from app.errors import VendorError
from app.telemetry import export_numbers, log, metrics

INTERVAL_S = 30.0


class Watched(Protocol):
    @property
    def name(self) -> str: ...
    async def depths(self) -> tuple[int, int]:
        """Messages that wait, and messages in the dead-letter queue."""
        ...


class Pulse(Protocol):
    async def beat(self) -> None: ...


class Vitals:
    def __init__(self, queues: Sequence[Watched], pulse: Pulse | None) -> None:
        self._queues = queues
        self._pulse = pulse

    async def run(self, stop: asyncio.Event, problems: Callable[[], list[str]]) -> None:
        """Until ``stop``. What cannot be measured is logged and measured again; no beat goes out for one who is ill."""
        metrics.begin([queue.name for queue in self._queues])
        export_numbers()
        while not stop.is_set():
            found = problems()
            metrics.ready(not found)
            await asyncio.gather(*(self._measure(queue) for queue in self._queues))
            if not found:
                await self._beat()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), INTERVAL_S)

    async def _measure(self, queue: Watched) -> None:
        try:
            waiting, dead = await queue.depths()
        except VendorError as error:
            log.warning("depth_unknown", queue=queue.name, why=str(error))
        else:
            metrics.depths(queue.name, waiting, dead)

    async def _beat(self) -> None:
        if self._pulse is None:
            return
        try:
            await self._pulse.beat()
        except VendorError as error:
            log.warning("heartbeat_not_heard", why=str(error))
