"""Processors live and die inside one process: whose task this is, what time it has, and when it is over.

A ``Life`` is one processor's. What runs in its context sees its clock, and can be stopped at whatever await it is at.
What dies with it is what is in its head, and the answers to calls under way; what it had done stays done.
"""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import itertools
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from app import clock
from app.sim.virtual_time import EPOCH, VirtualClock, VirtualLoop

T = TypeVar("T")


class Life:
    """``skew``: seconds by which its clock is ahead."""

    def __init__(self, name: str, skew: float = 0.0) -> None:
        self.name = name
        self.skew = skew
        self.ended = False
        self.tasks: set[asyncio.Task[Any]] = set()
        self._awake = asyncio.Event()
        self._awake.set()

    async def passes(self) -> None:
        """Called before and after every call to the outside: nothing leaves a processor that stands still or died."""
        await self._awake.wait()
        if self.ended:
            raise asyncio.CancelledError("the process is gone")

    def freeze(self) -> None:
        self._awake.clear()

    def thaw(self) -> None:
        self._awake.set()

    def end(self) -> None:
        """At once, wherever each of its tasks is."""
        self.ended = True
        self._awake.set()
        for task in list(self.tasks):
            task.cancel()

    def start(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        context = contextvars.copy_context()
        context.run(_life.set, self)
        return asyncio.get_running_loop().create_task(work, name=name, context=context)


_life: contextvars.ContextVar[Life | None] = contextvars.ContextVar("life", default=None)


@contextmanager
def outside() -> Iterator[None]:
    """The world's own code, though a processor's call runs it: with the world's clock."""
    token = _life.set(None)
    try:
        yield
    finally:
        _life.reset(token)


@dataclass(frozen=True)
class LivesClock(VirtualClock):
    """A virtual clock that each life sees with its own skew. Ids look like ids: their beginnings differ."""

    seed: int = 0

    def wall(self) -> float:
        life = _life.get()
        return EPOCH.timestamp() + self.loop.time() + (life.skew if life else 0.0)

    def new_id(self) -> str:
        return hashlib.sha256(f"{self.seed}/{super().new_id()}".encode()).hexdigest()[:32]


class _NumberedTask(asyncio.Task[Any]):
    """Sets of tasks are walked in an order that follows from the story, not from memory addresses."""

    _numbers = itertools.count()

    def __new__(cls, *_: Any, **__: Any) -> _NumberedTask:
        task = super().__new__(cls)
        task._number = next(cls._numbers)  # type: ignore[attr-defined]
        return task

    def __hash__(self) -> int:
        return int(self._number)  # type: ignore[attr-defined]


def _new_task(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **options: Any) -> asyncio.Task[Any]:
    task = _NumberedTask(work, loop=loop, **options)
    context = options.get("context")
    life = context.get(_life) if context is not None else _life.get()
    if life is not None:
        life.tasks.add(task)
        task.add_done_callback(life.tasks.discard)
    return task


def run(story: Coroutine[Any, Any, T], seed: int) -> T:
    """Run it from ``EPOCH`` on, in virtual time."""
    before, loop = clock.installed(), VirtualLoop()
    _NumberedTask._numbers = itertools.count()
    loop.set_task_factory(cast(Any, _new_task))
    clock.install(LivesClock(loop, seed=seed))
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(story)
    finally:
        clock.install(before)
