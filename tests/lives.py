"""One processor's life among others in one process, counted in awaits: at any of them it can end, or stand still.

An await is one time that one of its coroutines gives control back to the event loop. Whoever is killed there is never
resumed, not even to clean up: as after ``kill -9``, no ``except`` and no ``finally`` of it runs. What it had handed to
the network goes on without it: the outside world runs in tasks of its own.
"""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

import httpx

STILL_S = 90.0
_QUESTIONS = frozenset({
    "begun", "check", "draft", "drafts", "drops_after", "exists", "incident", "incident_of_alert",
    "incident_of_channel", "incident_together", "open_incidents", "steps", "trail",
})  # fmt: skip


class Life:
    """It ends at await ``last``. At await ``still`` it stands still for a minute and a half, and then goes on where it
    was: by then its message and its lease are another's (D11). ``at_await`` is called at each."""

    def __init__(
        self,
        *,
        last: int | None = None,
        still: int | None = None,
        at_await: Callable[[Life, Coroutine[Any, Any, Any]], None] | None = None,
    ) -> None:
        self.awaits = 0
        self.effects = 0  # calls that may have changed the world, as they begin and as they end
        self.calls: list[str] = []  # that went out, in this order
        self.over = asyncio.Event()
        self._last, self._still, self._at_await = last, still, at_await
        self._thawing: asyncio.Future[None] | None = None
        self._polls: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        context = contextvars.copy_context()
        context.run(_life.set, self)
        return asyncio.get_running_loop().create_task(work, context=context)

    def end(self) -> None:
        self.over.set()
        self.thaw()
        for poll in self._polls:
            poll.cancel()  # the queue sees the connection close

    def freeze(self, seconds: float = STILL_S) -> None:
        loop = asyncio.get_running_loop()
        self._thawing = loop.create_future()
        loop.call_later(seconds, self.thaw)

    def thaw(self) -> None:
        if self._thawing and not self._thawing.done():
            self._thawing.set_result(None)
        self._thawing = None

    def awaits_in(self, work: Coroutine[Any, Any, Any]) -> None:
        self.awaits += 1
        if self._at_await:
            self._at_await(self, work)
        if self.awaits == self._last:
            self.end()
        if self.awaits == self._still:
            self.freeze()

    async def outside(self, call: str, work: Coroutine[Any, Any, Any], *, changes: bool) -> Any:
        """One call to the world: on its way to it, then with it. Who dies on the way never called."""
        try:
            await asyncio.sleep(0)
        except BaseException:
            work.close()
            raise
        self.effects += changes
        self.calls.append(call)
        task = asyncio.get_running_loop().create_task(work, context=_nobodys())
        task.add_done_callback(self._ended(changes))
        if call == "receive":
            self._polls.add(task)
            task.add_done_callback(self._polls.discard)
        return await asyncio.shield(task)

    def _ended(self, changes: bool) -> Callable[[asyncio.Task[Any]], None]:
        def ended(task: asyncio.Task[Any]) -> None:
            self.effects += changes
            _ = task.cancelled() or task.exception()  # whoever asked may be gone

        return ended


_life: contextvars.ContextVar[Life | None] = contextvars.ContextVar("life", default=None)


def _nobodys() -> contextvars.Context:
    context = contextvars.copy_context()
    context.run(_life.set, None)
    return context


def soon(act: Callable[[], object]) -> None:
    """In a moment, and in nobody's life."""
    asyncio.get_running_loop().call_soon(act, context=_nobodys())


class _Awaits:
    """A coroutine, resumed as long as its processor lives."""

    def __init__(self, work: Coroutine[Any, Any, Any], life: Life) -> None:
        self._work, self._life = work, life

    def __await__(self) -> Generator[Any, Any, Any]:
        work, life = self._work, self._life
        resume: Callable[[], Any] = lambda: work.send(None)  # noqa: E731
        while True:
            if life.over.is_set():
                _bury(work)
                raise asyncio.CancelledError("the process is gone")
            try:
                waited_for = resume()
            except StopIteration as end:
                return end.value
            life.awaits_in(work)
            resume = yield from _answer(waited_for, work)
            while life._thawing and not life.over.is_set():
                try:
                    yield from asyncio.shield(life._thawing).__await__()
                except BaseException as error:
                    resume = _raising(work, error)  # it hears of it when it wakes


def _bury(work: object) -> None:
    """A coroutine that is collected, if only at the interpreter's end, runs its ``finally``: this one never is."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(work))


def _answer(waited_for: Any, work: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Callable[[], Any]]:
    try:
        answer = yield waited_for
    except BaseException as error:
        return _raising(work, error)
    return lambda: work.send(answer)


def _raising(work: Coroutine[Any, Any, Any], error: BaseException) -> Callable[[], Any]:
    return lambda: work.throw(error)


async def _lived(work: Coroutine[Any, Any, Any], life: Life) -> Any:
    return await _Awaits(work, life)


def count_awaits() -> None:
    """From now on in this loop, tasks that a life starts, and those that they start, are lived through it."""
    asyncio.get_running_loop().set_task_factory(_new_task)


def _new_task(
    loop: asyncio.AbstractEventLoop, work: Any, *, context: contextvars.Context | None = None
) -> asyncio.Task[Any]:
    life = context.get(_life) if context is not None else _life.get()
    task = asyncio.Task(_lived(work, life) if life else work, loop=loop, context=context)
    if life and inspect.iscoroutine(work):
        task.add_done_callback(lambda _: _close_unbegun(work, life))
    return task


def _close_unbegun(work: Coroutine[Any, Any, Any], life: Life) -> None:
    """Cancelled before its first step: asyncio would close it, if it were not wrapped."""
    if not life.over.is_set() and inspect.getcoroutinestate(work) == inspect.CORO_CREATED:
        work.close()


class Wire(httpx.AsyncBaseTransport):
    """The network between one processor and one vendor."""

    def __init__(self, inner: httpx.AsyncBaseTransport, life: Life) -> None:
        self._inner, self._life = inner, life

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        answer: httpx.Response = await self._life.outside(
            f"{request.method} {request.url}",
            self._inner.handle_async_request(request),
            changes=request.method != "GET",
        )
        return answer


class Port:
    """Anything with async methods, as one processor reaches it."""

    def __init__(self, inner: Any, life: Life) -> None:
        self._inner, self._life = inner, life

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        def call(*args: Any, **named: Any) -> Awaitable[Any]:
            drafts = [write.draft.state for write in args[0].drafts] if name == "commit" else []
            work = getattr(self._inner, name)(*args, **named)
            return self._life.outside(" ".join([name, *drafts]), work, changes=name not in _QUESTIONS)

        return call
