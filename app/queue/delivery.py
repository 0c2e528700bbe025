"""One message as it was received, and what a consumer needs of the queue that it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from app.errors import Park
from app.queue.envelope import Envelope, decode, of_people

# Deliveries before a queue drops a message by itself at which a consumer no longer waits, but parks it
# (``processor/attempts.py`` has the arithmetic).
SPARE_RECEIVES = 20


@dataclass(frozen=True)
class Delivery:
    id: str  # the message's own, the same in every delivery
    text: str
    receipt: str
    lane: str
    attempt: int  # which delivery this is, counted from 1
    sent_at: float  # when the queue took it, unix seconds: the queue's word, not the sender's
    trace: Mapping[str, str] = field(default_factory=dict)  # of the message's attributes

    @cached_property
    def envelope(self) -> Envelope:
        """Raises ``Park`` when the text is no envelope (L6)."""
        return decode(self.text)

    @property
    def of_people(self) -> bool:
        return of_people(self.lane)

    @property
    def goes_on_with(self) -> Mapping[str, str]:
        """Its trace. What a schedule sent has it inside: EventBridge sets no attributes."""
        try:
            return self.trace or self.envelope.trace
        except Park:
            return {}


class Inbox(Protocol):
    """The receiving side of a queue. Errors: ``VendorUnavailable``, ``VendorThrottled``, ``VendorRefused``."""

    async def receive(self, *, max_messages: int = 10, wait_s: int = 20, visibility_s: int = 30) -> list[Delivery]:
        """Long poll. What it gives is nobody else's for ``visibility_s``; their order inside a lane is kept."""
        ...

    async def extend(self, delivery: Delivery, seconds: float) -> None:
        """Ours for so long from now on; 0 gives it back at once."""
        ...

    async def delete(self, delivery: Delivery) -> None: ...

    async def park(self, delivery: Delivery, reason: str) -> None:
        """Into the dead-letter queue with its reason, and only then out of this one."""
        ...

    async def drops_after(self) -> int:
        """Deliveries of a message after which the queue itself puts it away, with no reason (``maxReceiveCount``)."""
        ...
