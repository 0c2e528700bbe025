"""An SQS FIFO queue in memory: the same order, the same silences, the same dead letters. Held to one contract test.

Machine time rules here, as it does at SQS: a faster clock for people makes no message expire sooner.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import re
from dataclasses import dataclass, field

from app import clock
from app.errors import VendorRefused
from app.queue.delivery import Delivery
from app.queue.envelope import Envelope
from app.queue.outbox import SIZE_MAX

DEDUP_WINDOW_S = 300.0  # SQS: MessageDeduplicationId
VISIBILITY_MAX_S = 43_200
_ID = re.compile(r"[!-~]{1,128}")  # SQS: of a group and of a deduplication
_LOOK_S = 0.05  # between two looks of a long poll: a message may become visible by the passing of time alone


@dataclass
class _Message:
    id: str
    text: str
    lane: str
    sent_at: float
    trace: dict[str, str]
    visible_at: float = 0.0
    receipt: str = ""
    received: int = 0


@dataclass(frozen=True)
class DeadLetter:
    text: str
    lane: str
    reason: str | None  # None: moved by the queue itself, after too many deliveries


@dataclass
class MemoryQueue:
    """``ports.Queue`` and ``Inbox``. ``receives_max``: deliveries after which the queue gives up on a message."""

    name: str = "memory.fifo"
    receives_max: int = 1000
    messages: list[_Message] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _seen: dict[str, float] = field(default_factory=dict)

    async def send(self, envelope: Envelope) -> None:
        self.put(envelope.encode(), lane=envelope.lane, dedup_id=envelope.dedup_id, trace=envelope.trace)

    def put(self, text: str, *, lane: str, dedup_id: str, trace: dict[str, str] | None = None) -> None:
        """Also for what is no envelope: anybody with the right may send anything."""
        if not (_ID.fullmatch(lane) and _ID.fullmatch(dedup_id)):
            raise VendorRefused("SQS", "send", "InvalidParameterValue")
        if len(text.encode()) > SIZE_MAX:
            raise VendorRefused("SQS", "send", f"a message above {SIZE_MAX} bytes", remedy="lower BODY_LIMIT_BYTES")
        now = clock.wall()
        if now - self._seen.get(dedup_id, float("-inf")) < DEDUP_WINDOW_S:
            return
        self._seen[dedup_id] = now
        self.messages.append(_Message(f"message-{next(self._numbers)}", text, lane, now, trace or {}))

    async def receive(self, *, max_messages: int = 10, wait_s: int = 20, visibility_s: int = 30) -> list[Delivery]:
        until = clock.monotonic() + wait_s
        while True:
            found = self._take(max_messages, visibility_s)
            left = until - clock.monotonic()
            if found or left <= 0:
                return found
            await asyncio.sleep(min(_LOOK_S, left))

    async def extend(self, delivery: Delivery, seconds: float) -> None:
        whole = min(math.ceil(seconds), VISIBILITY_MAX_S)  # SQS knows no fractions
        self._held(delivery, "extend").visible_at = clock.wall() + whole

    async def delete(self, delivery: Delivery) -> None:
        self.messages.remove(self._held(delivery, "delete"))

    async def depths(self) -> tuple[int, int]:
        return sum(message.visible_at <= clock.wall() for message in self.messages), len(self.dead)

    async def park(self, delivery: Delivery, reason: str) -> None:
        message = self._held(delivery, "park")
        self.dead.append(DeadLetter(message.text, message.lane, reason))
        self.messages.remove(message)

    async def drops_after(self) -> int:
        return self.receives_max

    async def check(self) -> None:
        return None

    def _take(self, max_messages: int, visibility_s: int) -> list[Delivery]:
        now = clock.wall()
        blocked = {message.lane for message in self.messages if message.visible_at > now}
        taken: list[Delivery] = []
        for message in list(self.messages):
            if message.lane in blocked or len(taken) == max_messages:
                continue
            if message.received >= self.receives_max:
                self.dead.append(DeadLetter(message.text, message.lane, None))
                self.messages.remove(message)
                continue
            message.received += 1
            message.receipt = f"{message.id}#{message.received}"
            message.visible_at = now + visibility_s
            taken.append(
                Delivery(
                    id=message.id, text=message.text, receipt=message.receipt, lane=message.lane,
                    attempt=message.received, sent_at=message.sent_at, trace=dict(message.trace),
                )
            )  # fmt: skip
        return taken

    def _held(self, delivery: Delivery, operation: str) -> _Message:
        """Only the newest receipt counts, and only while the message is ours."""
        for message in self.messages:
            if message.receipt == delivery.receipt and message.visible_at > clock.wall():
                return message
        raise VendorRefused("SQS", operation, "ReceiptHandleIsInvalid")
