"""What a processor is made of: ``wiring`` builds it, ``supervise`` runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from app import clock
from app.processor.consumer import Consumer
from app.processor.reconciler import Reconciler
from app.processor.vitals import Vitals

_LATE_S = 60.0  # above the longest poll and the longest pause after a failed one


class Listener(Protocol):
    """Slack's websocket, where that is how gestures come in."""

    @property
    def connected(self) -> bool: ...
    async def run(self, stop: asyncio.Event) -> None: ...


@dataclass(frozen=True)
class Processor:
    consumers: Sequence[Consumer]
    reconciler: Reconciler
    listener: Listener | None
    vitals: Vitals
    aclose: Callable[[], Awaitable[None]]

    def problems(self) -> list[str]:
        """What keeps it from its work right now; empty: it is ready."""
        found = [
            f"queue {consumer.name} has not answered for {late:.0f} s"
            for consumer in self.consumers
            if (late := clock.monotonic() - consumer.last_tick) > _LATE_S
        ]
        if self.listener is not None and not self.listener.connected:
            found.append("Slack's websocket is not connected")
        return found
