"""Works a queue: lane by lane, in order inside a lane, lanes side by side.

* Every message that we hold is held by a heartbeat of its own until it is done, put off or given back (D3).
* A failure stops its lane: what was received behind it goes back unworked, so that the order stays (D4).
* What people do waits for no alert: machines and people have their own turns, ``TURNS`` each. In a storm alerts are
  held while they wait, up to ``HELD_MAX`` lanes of all; only then is nothing more received, from nobody.
* A vendor's rate limit costs no attempt, nor does a race that somebody else won: in a storm of alerts each waits its
  turn (T7). ``attempts.py`` says when that ends.
* On ``stop`` nothing more is received; what is in hand is finished, or given back when time is up (L5).
* What cannot be worked is parked with its reason, and somebody is told (L6, P-loud).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from app import clock, telemetry
from app.errors import Busy, Park, Retry, VendorError, VendorThrottled
from app.processor.attempts import Attempts, Marks
from app.queue.delivery import Delivery, Inbox
from app.telemetry import log, metrics

TURNS = 32  # lanes of people, and of machines, that are worked side by side
HELD_MAX = 256  # lanes in hand, with those that wait for their turn; each is some tens of kB, and a heartbeat
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
        marks: Marks,
    ) -> None:
        self.name = name
        self.last_tick = clock.monotonic()  # when the queue last answered, or a lane ended
        self._inbox = inbox
        self._work = work
        self._visibility_s = visibility_s
        self._drain_timeout_s = drain_timeout_s
        self._told = told
        self._attempts = Attempts(inbox, marks, queue=name, max_attempts=max_attempts)
        self._turns = {of_people: asyncio.Semaphore(TURNS) for of_people in (True, False)}
        self._lanes: set[asyncio.Task[None]] = set()
        self._in_hand: set[str] = set()  # messages that are being worked, or wait behind one in their lane
        self._stopping = False

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set and everything in hand is finished or given back."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                if len(self._lanes) >= HELD_MAX:
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
        held = {delivery.id: asyncio.create_task(self._hold(delivery)) for delivery in lane}
        try:
            async with self._turns[lane[0].of_people]:
                await self._work_in_order(lane, held)
        finally:
            try:
                await self._give_back([delivery for delivery in lane if delivery.id in held], held)
            finally:
                self._in_hand -= ids

    async def _work_in_order(self, lane: Sequence[Delivery], held: dict[str, asyncio.Task[None]]) -> None:
        begun = clock.monotonic()
        for delivery in lane:
            if self._stopping:
                return
            if delivery.attempt == 1:
                lag_s = clock.monotonic() - begun
                metrics.begun(self.name, age_s=clock.wall() - delivery.sent_at, lag_s=lag_s)
            if not await self._work_one(delivery, held):
                return

    async def _give_back(self, unworked: Sequence[Delivery], held: dict[str, asyncio.Task[None]]) -> None:
        """The last first: as long as an earlier one is in flight, SQS gives nobody a later one."""
        for delivery in reversed(unworked):
            held.pop(delivery.id).cancel()
            self._attempts.gave_back(delivery)
            await self._put_off(delivery, 0)

    async def _work_one(self, delivery: Delivery, held: dict[str, asyncio.Task[None]]) -> bool:
        """Whether the lane may go on. Afterwards the message is no longer held, unless we were cancelled at it."""
        attempt = self._attempts.number(delivery)
        with telemetry.work(f"work {self.name}", delivery.goes_on_with, lane=delivery.lane, attempt=attempt):
            failure: Exception | None = None
            try:
                _ = delivery.envelope  # L6: what cannot be read is parked before anybody works it
                async with self._attempts.one(delivery):
                    await self._work(replace(delivery, attempt=attempt))
            except Exception as error:
                failure = error
            held.pop(delivery.id).cancel()
            return await (self._finished(delivery) if failure is None else self._failed(delivery, failure))

    async def _finished(self, delivery: Delivery) -> bool:
        try:
            await self._inbox.delete(delivery)
        except VendorError as error:  # it comes again, and the work finds itself done
            log.warning("delete_failed", queue=self.name, lane=delivery.lane, why=str(error))
            return False
        self._attempts.forget(delivery)
        return True

    async def _failed(self, delivery: Delivery, error: Exception) -> bool:
        telemetry.failed(error)
        if isinstance(error, Park):
            return await self._park(delivery, error.why)
        attempt = self._attempts.number(delivery)
        log.warning(
            "work_failed", queue=self.name, lane=delivery.lane, attempt=attempt, why=str(error),
            exc_info=None if isinstance(error, (Retry, VendorError)) else error,
        )  # fmt: skip
        if reason := await self._attempts.spent(delivery, error):
            return await self._park(delivery, reason)
        await self._put_off(delivery, _delay(attempt, error))
        return False

    async def _park(self, delivery: Delivery, reason: str) -> bool:
        try:
            await self._inbox.park(delivery, reason)
        except VendorError as error:  # never deleted first, so it is still there
            log.error("park_failed", queue=self.name, lane=delivery.lane, reason=reason, why=str(error))
            await self._put_off(delivery, _BACKOFF_MAX_S)
            return False
        self._attempts.forget(delivery)
        metrics.parked(self.name)
        log.error("parked", queue=self.name, lane=delivery.lane, message_id=delivery.id, reason=reason)
        try:
            await self._told(delivery, reason)
        except Exception as error:
            log.error("parked_untold", queue=self.name, lane=delivery.lane, why=str(error), exc_info=error)
        return True

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
        # Whoever is busy is asked seldomer and seldomer: so a hundred deliveries last for as long as a storm does.
        return max(error.after, min(_BACKOFF_MAX_S, float(attempt))) if isinstance(error, Busy) else error.after
    spread = 0.5 + int(clock.new_id()[-4:], 16) / 0x20000
    growing = float(min(_BACKOFF_MAX_S, 2.0**attempt)) * spread
    # The vendor's word is for one caller; many that come back at that moment would be turned away again.
    return max(growing, error.retry_after) if isinstance(error, VendorThrottled) else growing
