"""Works a queue: lane by lane, in order inside a lane, lanes side by side.

* Every message that we hold is held by a heartbeat of its own until it is done, put off or given back (D3).
* A failure stops its lane: what was received behind it goes back unworked, so that the order stays (D4).
* A vendor's rate limit costs no attempt, nor does a race that somebody else won: in a storm of alerts each waits its
  turn, however long that is (T7).
* On ``stop`` nothing more is received; what is in hand is finished, or given back when time is up (L5).
* What cannot be worked is parked with its reason, and somebody is told (L6, P-loud).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from app import clock, telemetry
from app.errors import Busy, Park, Retry, VendorError, VendorThrottled
from app.queue.delivery import Delivery, Inbox
from app.telemetry import log, metrics

LANES_MAX = 32
_BACKOFF_MAX_S = 60.0
_RECEIVE_PAUSE_S = 1.0  # after a failed receive; doubled up to the next
_RECEIVE_PAUSE_MAX_S = 15.0

Work = Callable[[Delivery], Awaitable[None]]
Tell = Callable[[Delivery, str], Awaitable[None]]


class Consumer:
    """``told`` is called for what was parked, with the reason; what it raises changes nothing."""

    def __init__(
        self,
        inbox: Inbox,
        work: Work,
        *,
        name: str,
        visibility_s: int,
        max_attempts: int,
        drain_timeout_s: float,
        told: Tell,
    ) -> None:
        self.name = name
        self.last_tick = clock.monotonic()  # when the queue last answered, or a lane ended
        self._inbox = inbox
        self._work = work
        self._visibility_s = visibility_s
        self._max_attempts = max_attempts
        self._drain_timeout_s = drain_timeout_s
        self._told = told
        self._lanes: set[asyncio.Task[None]] = set()
        self._in_hand: set[str] = set()  # messages that are being worked, or wait behind one in their lane
        self._unworked: Counter[str] = Counter()  # deliveries, by message, that SQS counts and nobody worked
        self._waited: Counter[str] = Counter()  # attempts, by message, that ended only because others were first
        self._stopping = False

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set and everything in hand is finished or given back."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                if len(self._lanes) >= LANES_MAX:
                    await asyncio.wait({stopped, *self._lanes}, return_when=asyncio.FIRST_COMPLETED)
                    self.last_tick = clock.monotonic()
                    continue
                for lane in _by_lane(await self._receive(stopped)):
                    if any(delivery.id in self._in_hand for delivery in lane):
                        continue  # our hold ran out while we stood still: not worked beside itself; it comes again
                    task = asyncio.create_task(self._work_lane(lane))
                    self._lanes.add(task)
                    task.add_done_callback(self._lanes.discard)
        finally:
            stopped.cancel()
            self._stopping = True
            await self._drain()

    async def _receive(self, stopped: asyncio.Task[Any]) -> Sequence[Delivery]:
        """One long poll, broken off by ``stop``. Outlasts a queue that is away."""
        pause = _RECEIVE_PAUSE_S
        while True:
            poll = asyncio.create_task(self._inbox.receive(visibility_s=self._visibility_s))
            if not await _done_before(poll, stopped):
                return ()
            try:
                deliveries = poll.result()
            except VendorError as error:
                log.warning("receive_failed", queue=self.name, why=str(error))
            else:
                self.last_tick = clock.monotonic()
                return deliveries
            if not await _done_before(asyncio.create_task(asyncio.sleep(pause)), stopped):
                return ()
            pause = min(pause * 2, _RECEIVE_PAUSE_MAX_S)

    async def _drain(self) -> None:
        if not self._lanes:
            return
        log.info("draining", queue=self.name, lanes=len(self._lanes))
        _, unfinished = await asyncio.wait(self._lanes, timeout=self._drain_timeout_s)
        for lane in unfinished:
            lane.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        log.info("drained", queue=self.name, given_back=len(unfinished))

    # ------------------------------------------------------------ one lane

    async def _work_lane(self, lane: Sequence[Delivery]) -> None:
        ids = {delivery.id for delivery in lane}
        self._in_hand |= ids
        try:
            await self._work_in_order(lane)
        finally:
            self._in_hand -= ids

    async def _work_in_order(self, lane: Sequence[Delivery]) -> None:
        held = {delivery.id: asyncio.create_task(self._hold(delivery)) for delivery in lane}
        received = clock.monotonic()
        try:
            for delivery in lane:
                if delivery.attempt == 1:
                    lag_s = clock.monotonic() - received
                    metrics.begun(self.name, age_s=clock.wall() - delivery.sent_at, lag_s=lag_s)
                if self._stopping or not await self._work_one(delivery, held):
                    break
        finally:
            # The last first: as long as an earlier one is in flight, SQS gives nobody a later one.
            for delivery in reversed([delivery for delivery in lane if delivery.id in held]):
                held.pop(delivery.id).cancel()
                self._unworked[delivery.id] += 1
                await self._put_off(delivery, 0)

    async def _work_one(self, delivery: Delivery, held: dict[str, asyncio.Task[None]]) -> bool:
        """Whether the lane may go on. Afterwards the message is no longer held, unless we were cancelled at it."""
        delivery = replace(delivery, attempt=delivery.attempt - self._unworked[delivery.id])
        with telemetry.work(f"work {self.name}", delivery.goes_on_with, lane=delivery.lane, attempt=delivery.attempt):
            failure: Exception | None = None
            try:
                await self._attempt(delivery)
            except Exception as error:
                failure = error
            held.pop(delivery.id).cancel()
            return await (self._finished(delivery) if failure is None else self._failed(delivery, failure))

    async def _attempt(self, delivery: Delivery) -> None:
        if self._spent(delivery) > self._max_attempts:
            raise Park(
                f"delivered {delivery.attempt} times and never finished: the processor died at it, or was killed"
            )
        _ = delivery.envelope  # L6: what cannot be read is parked before anybody works it
        await self._work(delivery)

    async def _finished(self, delivery: Delivery) -> bool:
        try:
            await self._inbox.delete(delivery)
        except VendorError as error:  # it comes again, and the work finds itself done
            log.warning("delete_failed", queue=self.name, lane=delivery.lane, why=str(error))
            return False
        self._forget(delivery)
        return True

    async def _failed(self, delivery: Delivery, error: Exception) -> bool:
        telemetry.failed(error)
        if isinstance(error, Park):
            return await self._park(delivery, error.why)
        log.warning(
            "work_failed", queue=self.name, lane=delivery.lane, attempt=delivery.attempt, why=str(error),
            exc_info=None if isinstance(error, (Retry, VendorError)) else error,
        )  # fmt: skip
        if isinstance(error, (VendorThrottled, Busy)):
            self._waited[delivery.id] += 1
        elif self._spent(delivery) >= self._max_attempts:
            why = str(error) or type(error).__name__
            return await self._park(delivery, f"gave up after {delivery.attempt} attempts; the last: {why}")
        await self._put_off(delivery, _delay(delivery.attempt, error))
        return False

    async def _park(self, delivery: Delivery, reason: str) -> bool:
        try:
            await self._inbox.park(delivery, reason)
        except VendorError as error:  # never deleted first, so it is still there
            log.error("park_failed", queue=self.name, lane=delivery.lane, reason=reason, why=str(error))
            await self._put_off(delivery, _BACKOFF_MAX_S)
            return False
        self._forget(delivery)
        metrics.parked(self.name)
        log.error("parked", queue=self.name, lane=delivery.lane, message_id=delivery.id, reason=reason)
        try:
            await self._told(delivery, reason)
        except Exception as error:
            log.error("parked_untold", queue=self.name, lane=delivery.lane, why=str(error), exc_info=error)
        return True

    def _spent(self, delivery: Delivery) -> int:
        """Of the attempts that a message has."""
        return delivery.attempt - self._waited[delivery.id]

    def _forget(self, delivery: Delivery) -> None:
        self._unworked.pop(delivery.id, None)
        self._waited.pop(delivery.id, None)

    async def _put_off(self, delivery: Delivery, seconds: float) -> None:
        """When this fails, the message comes back by itself after its visibility timeout."""
        try:
            await self._inbox.extend(delivery, seconds)
        except VendorError as error:
            log.warning("put_off_failed", queue=self.name, lane=delivery.lane, why=str(error))

    async def _hold(self, delivery: Delivery) -> None:
        while True:
            await asyncio.sleep(self._visibility_s / 3)
            try:
                await self._inbox.extend(delivery, self._visibility_s)
            except VendorError as error:  # two more chances before it is lost to another receiver
                log.warning("heartbeat_failed", queue=self.name, lane=delivery.lane, why=str(error))


def _by_lane(deliveries: Sequence[Delivery]) -> list[list[Delivery]]:
    lanes: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        lanes.setdefault(delivery.lane, []).append(delivery)
    return list(lanes.values())


async def _done_before(task: asyncio.Task[Any], stopped: asyncio.Task[Any]) -> bool:
    """Whether it was done before we were stopped; otherwise it is cancelled."""
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        return True
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task
    return False


def _delay(attempt: int, error: Exception) -> float:
    """What the failure asks for; otherwise doubled with each attempt, and spread so that lanes do not return as one."""
    if isinstance(error, Retry) and error.after is not None:
        return error.after
    spread = 0.5 + int(clock.new_id()[-4:], 16) / 0x20000
    growing = float(min(_BACKOFF_MAX_S, 2.0**attempt)) * spread
    # The vendor's word is for one caller; many that come back at that moment would be turned away again.
    return max(growing, error.retry_after) if isinstance(error, VendorThrottled) else growing
