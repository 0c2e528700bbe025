"""How often a message is tried, over the lives of all processors that it meets.

SQS counts deliveries, and a delivery is no attempt: a message that waited behind a failed one, for a rate limit or for
somebody else's lease was delivered, too. So its count is never taken for attempts.

* An attempt that ends badly is counted in memory; after ``max_attempts`` of them the message is parked. To wait for
  others costs none. A restart forgets the count: what fails gets its attempts anew, and nothing is given up unworked.
* An attempt that does not end, because the processor died at it, leaves no memory. So a message that some earlier
  processor may have begun is marked in the table before it is worked, and the mark is taken off when the attempt ends.
  Whose first attempt is here needs no mark, so ``max_attempts`` deaths are ``max_attempts - 1`` marks: then it is
  parked. That bounds a crash loop, and costs a read and a write or two for each attempt at what was in hand when a
  processor ended.
* A death marks whatever was in hand with the one that caused it. What has a mark is therefore worked one by one: the
  guilty dies alone, and the others are not given up with it.
* SQS itself drops a message after ``maxReceiveCount`` deliveries, with no reason and nobody told. ``SPARE_RECEIVES``
  before that any failure parks, even to wait. A receive holds ten of a lane at most; each of those in front has been
  received at least as often, so that from there on every receive finishes one, and the tenth is worked, too, ten
  receives later. The other half is for restarts. Waits grow to a minute: of a hundred deliveries, eighty of them are
  three quarters of an hour.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from app.errors import Busy, Park, VendorError, VendorThrottled
from app.queue.delivery import SPARE_RECEIVES, Delivery, Inbox
from app.telemetry import log


class Marks(Protocol):
    """What a processor has begun and not ended: the next one cannot ask it."""

    async def begun(self, message: str) -> int:
        """What ``mark`` said last; 0 if it said nothing. Strongly consistent."""
        ...

    async def mark(self, message: str, times: int) -> None:
        """That it was begun so many times and not ended. Twice is once."""
        ...


class Attempts:
    """Of one queue's messages. ``queue`` is its name: a mark is of a message of that queue."""

    def __init__(self, inbox: Inbox, marks: Marks, *, queue: str, max_attempts: int) -> None:
        self._inbox = inbox
        self._marks = marks
        self._queue = queue
        self._max = max_attempts
        self._unworked: Counter[str] = Counter()  # deliveries, by message, that ended here before any work
        self._failures: Counter[str] = Counter()
        self._ours: set[str] = set()  # messages that nobody can have begun before us
        self._one_by_one = asyncio.Lock()

    def number(self, delivery: Delivery) -> int:
        """Which attempt it is, at most."""
        return delivery.attempt - self._unworked[delivery.id]

    def gave_back(self, delivery: Delivery) -> None:
        """It was delivered to us, and not worked."""
        self._unworked[delivery.id] += 1

    def forget(self, delivery: Delivery) -> None:
        """It is gone from the queue."""
        self._unworked.pop(delivery.id, None)
        self._failures.pop(delivery.id, None)
        self._ours.discard(delivery.id)

    @asynccontextmanager
    async def one(self, delivery: Delivery) -> AsyncIterator[None]:
        """Around an attempt. Raises ``Park`` instead when processors died at the message too often, and
        ``VendorError`` when that cannot be known now."""
        if self.number(delivery) == 1:
            self._ours.add(delivery.id)
        if delivery.id in self._ours:
            yield
            return
        message = f"{self._queue}#{delivery.id}"
        deaths = await self._marks.begun(message)
        if deaths == 0:
            async with self._marked(message, deaths):
                yield
            return
        async with self._one_by_one:
            if deaths >= max(self._max - 1, 1):
                raise Park(f"begun {deaths + 1} times and never finished: the processor died at it, or was killed")
            async with self._marked(message, deaths):
                yield

    @asynccontextmanager
    async def _marked(self, message: str, deaths: int) -> AsyncIterator[None]:
        await self._marks.mark(message, deaths + 1)
        try:
            yield
        except BaseException:  # also when the drain breaks it off; of what is done there is no message left
            try:
                await self._marks.mark(message, deaths)
            except VendorError as error:  # then this counts as a death: one attempt less
                log.warning("mark_stays", queue=self._queue, message=message, why=str(error))
            raise

    async def spent(self, delivery: Delivery, error: Exception) -> str | None:
        """Why the message is to be parked after this failure; None: it is tried again."""
        why = str(error) or type(error).__name__
        if not isinstance(error, (VendorThrottled, Busy)):
            self._failures[delivery.id] += 1
            if self._failures[delivery.id] >= self._max:
                return f"gave up after {self._failures[delivery.id]} attempts; the last: {why}"
        if delivery.attempt <= self._max:
            return None
        limit = await self._limit()
        if limit is None or delivery.attempt < max(limit - SPARE_RECEIVES, self._max):
            return None
        return f"delivered {delivery.attempt} times, and after {limit} the queue drops it: no time is left; {why}"

    async def _limit(self) -> int | None:
        try:
            return await self._inbox.drops_after()
        except VendorError as error:
            log.warning("limit_unknown", queue=self._queue, why=str(error))
            return None
