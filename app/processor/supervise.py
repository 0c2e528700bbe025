"""Runs what a processor is made of: named tasks, of which the first to end stops all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from app.errors import IncidentResponseError
from app.processor import health
from app.processor.parts import Processor
from app.telemetry import log

_AFTER_DRAIN_S = 3.0  # what giving messages back may take when the drain's own time is up


class TaskDied(IncidentResponseError):
    """A task that should run for ever did not. The pod ends, so that Kubernetes starts it anew."""


async def supervise(processor: Processor, stop: asyncio.Event, *, port: int, drain_s: float) -> None:
    def problems() -> list[str]:
        return ["draining"] if stop.is_set() else processor.problems()

    coroutines = {f"consumer of {one.name}": one.run(stop) for one in processor.consumers}
    coroutines["reconciler"] = processor.reconciler.run(stop)
    coroutines["vitals"] = processor.vitals.run(stop, problems)
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
