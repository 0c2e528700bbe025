"""What lies between a processor and the world: distance, faults, and a book of everything that passes."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import httpx

from app import clock
from app.errors import Conflict, Unknown, VendorError, VendorThrottled, VendorUnavailable
from app.queue.delivery import Delivery
from app.sim.faults import Faulty
from app.sim.memory_queue import MemoryQueue
from app.sim.simulation.chance import Chance
from app.sim.simulation.lives import Life, outside

_LONG_POLL_S = 900.0  # nothing is learned from asking an empty queue more often
_NEAR_S, _FAR_S = (0.002, 0.02), (0.01, 0.12)  # one way to AWS, and to a vendor


class AwsFault(StrEnum):
    LATENCY = "latency"
    THROTTLE = "throttle"  # nothing is done
    ERROR = "error"  # nothing is done, and a write's caller cannot know that
    CONFLICT = "conflict"  # of a transaction alone: another was at the same item
    LOST_ANSWER = "lost_answer"  # the work is done and no answer comes


@dataclass(frozen=True)
class Entry:
    """One thing that happened. ``who``: a processor, or "" for the world."""

    at: float
    who: str
    what: str
    detail: str

    def line(self) -> str:
        return f"{self.at:12.3f}  {self.who or '-':<4} {self.what:<12} {self.detail}".rstrip()


@dataclass
class Book:
    entries: list[Entry] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)  # those that struck

    def note(self, who: str, what: str, detail: str = "") -> None:
        self.entries.append(Entry(asyncio.get_running_loop().time(), who, what, detail))

    def struck(self, kind: str) -> None:
        self.faults[kind] += 1

    def of(self, *what: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.what in what]


class VendorWire(httpx.AsyncBaseTransport):
    """The network between one processor and one vendor."""

    def __init__(self, vendor: str, faulty: Faulty, life: Life, book: Book, chance: Chance) -> None:
        self._inner = httpx.ASGITransport(faulty)
        self._faulty = faulty
        self._life, self._book, self._chance = life, book, chance
        self._vendor = vendor

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._way()
        call = f"{request.method} {request.url.path}"
        content = await request.aread()
        digest = f" sha256={hashlib.sha256(content).hexdigest()}" if self._vendor == "statuspage" and content else ""
        self._book.note(self._life.name, self._vendor, f"-> {call}{digest}")
        struck, answer = self._faulty.struck.total(), "no answer"
        try:
            with outside():
                response = await self._inner.handle_async_request(request)
            answer = str(response.status_code)
        finally:
            strike = " (struck)" if self._faulty.struck.total() > struck else ""
            self._book.note(self._life.name, self._vendor, f"<- {call} {answer}{strike}")
        await self._way()
        return response

    async def _way(self) -> None:
        await self._life.passes()
        await asyncio.sleep(self._chance.uniform(*_FAR_S))
        await self._life.passes()


@dataclass
class AwsFaults:
    """What strikes the next calls of a service: ``dynamodb``, ``sqs``, ``scheduler`` or ``s3``."""

    waiting: list[tuple[str, AwsFault]] = field(default_factory=list)

    def strike(self, service: str, operation: str) -> AwsFault | None:
        for number, (where, kind) in enumerate(self.waiting):
            if where == service and (kind is not AwsFault.CONFLICT or operation == "commit"):
                del self.waiting[number]
                return kind
        return None


# Parking is two writes of which the first, repeated, is one: with its answer lost the message is still there.
_WRITES = {"commit", "send", "delete", "extend", "every", "once", "silence", "remove", "keep"}


class AwsWire:
    """One of AWS's twins as one processor reaches it. ``life`` None: it is the webhook pod that calls."""

    def __init__(self, service: str, inner: Any, life: Life | None, book: Book, faults: AwsFaults, chance: Chance):
        self._service, self._inner, self._life = service, inner, life
        self._book, self._faults, self._chance = book, faults, chance

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **named: Any) -> Any:
            await self._way()
            kind = self._faults.strike(self._service, name)
            if kind is not None:
                self._book.struck(f"{self._service} {kind}")
                await self._before(kind, name)
            with outside():
                answer = await getattr(self._inner, name)(*args, **named)
            self._book.note(self._who(), self._service, f"{name} {_told(name, args, answer)}".rstrip())
            if kind is AwsFault.LOST_ANSWER and name in _WRITES:
                self._book.note(self._who(), self._service, f"{name}: the answer is lost")
                raise _lost(self._service, name)
            await self._way()
            return answer

        return call

    async def _before(self, kind: AwsFault, name: str) -> None:
        if kind is AwsFault.LATENCY:
            await asyncio.sleep(2.0)
            return
        if kind is AwsFault.LOST_ANSWER and name in _WRITES:
            return
        self._book.note(self._who(), self._service, f"{name} {kind}")
        if kind is AwsFault.THROTTLE:
            raise VendorThrottled(self._service, name, retry_after=1.0)
        if kind is AwsFault.CONFLICT:
            raise Conflict("another transaction was at the same item")
        raise _lost(self._service, name)

    async def _way(self) -> None:
        if self._life:
            await self._life.passes()
        await asyncio.sleep(self._chance.uniform(*_NEAR_S))
        if self._life:
            await self._life.passes()

    def _who(self) -> str:
        return self._life.name if self._life else ""


def _lost(service: str, name: str) -> VendorError:
    """As the real adapters have it: only a transaction's fate is unknown; the rest is asked again, or comes again."""
    return (Unknown if name == "commit" else VendorUnavailable)(service, name, "no answer")


def _told(name: str, args: tuple[Any, ...], answer: Any) -> str:
    match name:
        case "commit":
            change = args[0]
            facts = ",".join(fact.type for fact in change.facts)
            drafts = " ".join(f"{write.draft.id}={write.draft.state}" for write in change.drafts)
            return f"{change.incident.id} v{answer.version} {answer.status} {facts} {drafts}".rstrip()
        case "draft":
            return f"{args[1]} {answer.state if answer else None}"
        case "receive":
            return " ".join(f"{one.id}#{one.attempt}" for one in answer)
        case "send":
            return f"{args[0].kind} {args[0].lane}"
        case "delete" | "extend" | "park":
            return f"{args[0].id} {args[1] if len(args) > 1 else ''}".rstrip()
        case _:
            return " ".join(str(one) for one in args if isinstance(one, str))


@dataclass
class BookedQueue(MemoryQueue):
    """Wakes a receiver when there is something, and remembers what it took and what became of that."""

    taken: dict[str, tuple[float, str, str]] = field(default_factory=dict)  # message id -> when, lane, text
    fates: dict[str, str] = field(default_factory=dict)  # message id -> deleted, or parked with this reason
    ended: dict[str, float] = field(default_factory=dict)  # message id -> when
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, text: str, *, lane: str, dedup_id: str, trace: dict[str, str] | None = None) -> None:
        before = len(self.messages)
        super().put(text, lane=lane, dedup_id=dedup_id, trace=trace)
        for message in self.messages[before:]:
            self.taken[message.id] = (asyncio.get_running_loop().time(), message.lane, message.text)
        self._tell()

    async def receive(self, *, max_messages: int = 10, wait_s: int = 20, visibility_s: int = 30) -> list[Delivery]:  # noqa: ARG002
        until = clock.monotonic() + _LONG_POLL_S
        while not (found := self._take(max_messages, visibility_s)) and clock.monotonic() < until:
            hidden = [message.visible_at for message in self.messages if message.visible_at > clock.wall()]
            wait = min([until - clock.monotonic(), *(at - clock.wall() for at in hidden)])
            try:
                async with asyncio.timeout(wait + 0.001):
                    await self._news.wait()
            except TimeoutError:
                pass
        return found

    async def extend(self, delivery: Delivery, seconds: float) -> None:
        await super().extend(delivery, seconds)
        self._tell()

    async def delete(self, delivery: Delivery) -> None:
        await super().delete(delivery)
        self._end(delivery, "deleted")

    async def park(self, delivery: Delivery, reason: str) -> None:
        await super().park(delivery, reason)
        self._end(delivery, f"parked: {reason}")

    def _end(self, delivery: Delivery, fate: str) -> None:
        self.fates[delivery.id], self.ended[delivery.id] = fate, asyncio.get_running_loop().time()
        self._tell()

    def has(self, message: str) -> bool:
        return message in self.taken

    def expire(self) -> int:
        """Whatever is held is handed out again, though its holder works on it."""
        held = [message for message in self.messages if message.visible_at > clock.wall()]
        for message in held:
            message.visible_at = clock.wall()
        self._tell()
        return len(held)

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
