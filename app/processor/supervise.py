"""Runs what a processor is made of: named tasks, of which the first to end stops all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from app import clock
from app.errors import IncidentResponseError
from app.processor import health
from app.processor.consumer import Consumer
from app.processor.reconciler import Reconciler
from app.telemetry import log

_LATE_S = 60.0  # above the longest poll and the longest pause after a failed one
_AFTER_DRAIN_S = 3.0  # what giving messages back may take when the drain's own time is up


class TaskDied(IncidentResponseError):
    """A task that should run for ever did not. The pod ends, so that Kubernetes starts it anew."""


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


async def supervise(processor: Processor, stop: asyncio.Event, *, port: int, drain_s: float) -> None:
    def problems() -> list[str]:
        return ["draining"] if stop.is_set() else processor.problems()

    coroutines = {f"consumer of {one.name}": one.run(stop) for one in processor.consumers}
    coroutines["reconciler"] = processor.reconciler.run(stop)
    coroutines["health"] = health.serve(problems, port, stop)
    if processor.listener is not None:
        coroutines["socket"] = processor.listener.run(stop)
    tasks = {name: asyncio.create_task(coroutine, name=name) for name, coroutine in coroutines.items()}
    log.info("processor_started", tasks=sorted(tasks))

    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({stopped, *tasks.values()}, return_when=asyncio.FIRST_COMPLETED)
    death = None if stop.is_set() else _death(tasks)
    stop.set()
    await stopped
    log.info("processor_stopping", why=str(death or "asked to"))
    _, unfinished = await asyncio.wait(tasks.values(), timeout=drain_s + _AFTER_DRAIN_S)
    for task in unfinished:
        log.error("task_cancelled", task=task.get_name())
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)
    if death:
        raise death


def _death(tasks: Mapping[str, asyncio.Task[None]]) -> TaskDied:
    name, task = next((name, task) for name, task in tasks.items() if task.done())
    why = None if task.cancelled() else task.exception()
    death = TaskDied(f"{name} ended by itself: {why!r}" if why else f"{name} ended by itself")
    death.__cause__ = why
    return death
