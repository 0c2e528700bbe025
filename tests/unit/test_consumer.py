"""The consumer on the in-memory queue, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from app import clock
from app.errors import Busy, Park, Retry, VendorThrottled, VendorUnavailable
from app.processor import consumer as consumers
from app.processor.consumer import Consumer
from app.queue.delivery import Delivery
from app.queue.envelope import Envelope
from app.sim import virtual_time
from app.sim.memory_queue import MemoryQueue
from app.sim.memory_store import MemoryStore
from tests.lives import Life, Port, count_awaits

VISIBILITY_S = 30
MAX_ATTEMPTS = 4
DRAIN_S = 25.0

Handler = Callable[[Delivery], Awaitable[None]]


@dataclass
class World:
    """One queue, one consumer, and a record of what was worked when."""

    handler: Handler
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    marks: MemoryStore = field(default_factory=MemoryStore)
    worked: list[tuple[str, int]] = field(default_factory=list)  # key and attempt, at the start of the work
    times: list[float] = field(default_factory=list)
    begun: int = 0
    told: list[tuple[str, str]] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def consumer(self, life: Life | None = None) -> Consumer:
        queue: Any = Port(self.queue, life) if life else self.queue
        marks: Any = Port(self.marks, life) if life else self.marks
        return Consumer(
            queue,
            self._work,
            name="test",
            visibility_s=VISIBILITY_S,
            max_attempts=MAX_ATTEMPTS,
            drain_timeout_s=DRAIN_S,
            told=self._tell,
            marks=marks,
        )

    async def send(self, *keys: str, lane: str = "a") -> None:
        for key in keys:
            await self.queue.send(Envelope(kind="event:x", lane=lane, dedup_id=key, body="{}"))

    async def live(self, life: Life, seconds: float = 3_600) -> bool:
        """One processor's life: whether it ended before nothing was left to do."""
        running = life.start(self.consumer(life).run(self.stop))
        async with asyncio.timeout(seconds):
            while self.queue.messages and not life.over.is_set():
                await clock.sleep(0.1)
        died = life.over.is_set()
        life.end()
        await asyncio.wait({running})
        return died

    async def until_quiet(self, seconds: float = 600) -> None:
        """Let the consumer run until nothing is left, then stop it."""
        running = asyncio.create_task(self.consumer().run(self.stop))
        async with asyncio.timeout(seconds):
            while self.queue.messages:
                await clock.sleep(0.1)
        self.stop.set()
        await running

    async def _work(self, delivery: Delivery) -> None:
        self.begun += 1
        self.worked.append((delivery.envelope.dedup_id, delivery.attempt))
        self.times.append(clock.monotonic())
        await self.handler(delivery)

    async def _tell(self, delivery: Delivery, reason: str) -> None:
        self.told.append((delivery.text, reason))


def failing(times: dict[str, int], error: Exception) -> Handler:
    """Fails that many times for each key."""

    async def handler(delivery: Delivery) -> None:
        key = delivery.envelope.dedup_id
        if times.get(key, 0) > 0:
            times[key] -= 1
            raise error

    return handler


async def nothing(_: Delivery) -> None:
    return None


def play(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    virtual_time.run(story())


def test_a_lane_is_worked_in_order_and_lanes_side_by_side() -> None:
    """D3: ten messages do not share one visibility clock; a slow lane delays no other."""

    async def story() -> None:
        async def slow(delivery: Delivery) -> None:
            await asyncio.sleep(100 if delivery.lane == "a" else 0)

        world = World(slow)
        await world.send("a1", "a2", lane="a")
        await world.send("b1", lane="b")
        await world.until_quiet()
        assert world.worked == [("a1", 1), ("b1", 1), ("a2", 1)]
        assert world.times[1] < 1

    play(story)


def test_long_work_keeps_its_message() -> None:
    """D3: a heartbeat for each message in hand, also for those that wait behind the one being worked."""

    async def story() -> None:
        async def ten_minutes(_: Delivery) -> None:
            await asyncio.sleep(600)

        world = World(ten_minutes)
        await world.send("1", "2", "3")
        await world.until_quiet(2000)
        assert world.worked == [("1", 1), ("2", 1), ("3", 1)]

    play(story)


def test_a_failure_stops_its_lane_until_it_is_worked() -> None:
    """D4: the next of the same lane is not worked while the one before it has failed; other lanes go on."""

    async def story() -> None:
        world = World(failing({"a1": 2}, RuntimeError("boom")))
        await world.send("a1", "a2", "a3", lane="a")
        await world.send("b1", lane="b")
        await world.until_quiet()
        assert world.worked == [("a1", 1), ("b1", 1), ("a1", 2), ("a1", 3), ("a2", 1), ("a3", 1)]
        assert world.queue.dead == []

    play(story)


def test_what_waited_behind_a_failure_keeps_all_its_attempts() -> None:
    """D4: SQS counts a delivery that was given back unworked; we do not."""

    async def story() -> None:
        world = World(failing({"a1": 3, "a2": 3}, RuntimeError("boom")))
        await world.send("a1", "a2")
        await world.until_quiet()
        assert world.worked == [(key, attempt) for key in ("a1", "a2") for attempt in (1, 2, 3, 4)]
        assert world.queue.dead == []

    play(story)


def test_delays_grow_and_a_failure_may_name_its_own() -> None:
    async def story() -> None:
        for error, low, high in (
            (RuntimeError("boom"), [0.9, 1.9, 3.9], [2.1, 4.1, 8.1]),
            (Retry("not yet", after=7.0), [6.9] * 3, [7.2] * 3),
            (VendorThrottled("Slack", "x", retry_after=11.0), [10.9] * 3, [11.2] * 3),
        ):
            world = World(failing({"1": 3}, error))
            await world.send("1")
            await world.until_quiet()
            gaps = [later - earlier for earlier, later in zip(world.times, world.times[1:], strict=False)]
            assert all(lo <= gap <= hi for lo, gap, hi in zip(low, gaps, high, strict=True)), gaps

    play(story)


def test_a_rate_limit_costs_no_attempt() -> None:
    """T7: in a storm of alerts each waits its turn; none is given up because the others came first."""

    async def story() -> None:
        throttled = VendorThrottled("Slack", "conversations.create", retry_after=4.0)
        world = World(failing({"1": 5 * MAX_ATTEMPTS}, throttled))
        await world.send("1")
        await world.until_quiet(3_600)
        assert world.queue.dead == []
        gaps = [later - earlier for earlier, later in zip(world.times, world.times[1:], strict=False)]
        assert all(3.9 <= gap <= 61 for gap in gaps), gaps
        assert gaps[-1] > 25, "further and further apart"

    play(story)


def test_the_last_attempt_is_followed_by_the_dead_letter_queue_and_somebody_is_told() -> None:
    """P-loud: it is kept with its reason, told, and the lane goes on."""

    async def story() -> None:
        world = World(failing({"a1": 99}, RuntimeError("boom")))
        await world.send("a1", "a2")
        await world.until_quiet()
        assert world.worked == [("a1", 1), ("a1", 2), ("a1", 3), ("a1", 4), ("a2", 1)]
        [letter] = world.queue.dead
        assert letter.reason == "gave up after 4 attempts; the last: boom"
        assert world.told == [(letter.text, letter.reason)]

    play(story)


def test_what_can_never_be_worked_is_parked_at_once() -> None:
    async def story() -> None:
        world = World(failing({"1": 99}, Park("no such thing")))
        await world.send("1", "2")
        await world.until_quiet()
        assert world.worked == [("1", 1), ("2", 1)]
        assert [letter.reason for letter in world.queue.dead] == ["no such thing"]

    play(story)


def test_what_cannot_be_read_is_parked_and_never_deleted() -> None:
    """L6: an unknown version, another's message, plain garbage."""

    async def story() -> None:
        world = World(nothing)
        for number, text in enumerate(("garbage", "{}", '{"version":2}')):
            world.queue.put(text, lane="x", dedup_id=str(number))
        await world.until_quiet()
        assert world.begun == 0
        assert [letter.text for letter in world.queue.dead] == ["garbage", "{}", '{"version":2}']
        assert all("not an envelope" in reason for _, reason in world.told)

    play(story)


async def _lives(world: World, at: Callable[[Life], Handler]) -> int:
    """Processors, one after the other, until one of them does not die. How many died."""
    count_awaits()
    for deaths in range(50):
        life = Life()
        world.handler = at(life)
        if not await world.live(life):
            return deaths
    raise AssertionError("they die and die")


def _deadly(life: Life, *keys: str, after_s: float = 0, others_take_s: float = 0) -> Handler:
    """Whoever works one of these is killed, as by ``kill -9``."""

    async def handler(delivery: Delivery) -> None:
        if delivery.envelope.dedup_id in keys:
            await asyncio.sleep(after_s)
            life.end()
        await asyncio.sleep(others_take_s)

    return handler


def test_a_message_that_kills_the_processor_is_parked_in_the_end() -> None:
    """P-loud: a crash loop ends after as many deaths as a message has attempts; what is behind it is worked."""

    async def story() -> None:
        world = World(nothing)
        await world.send("killer", "behind")
        assert await _lives(world, lambda life: _deadly(life, "killer")) == MAX_ATTEMPTS
        [letter] = world.queue.dead
        assert letter.reason == "begun 4 times and never finished: the processor died at it, or was killed"
        assert world.told == [(letter.text, letter.reason)]
        assert world.worked[-1][0] == "behind"

    play(story)


def test_a_message_that_fails_before_it_kills_is_parked_in_the_end_too() -> None:
    async def story() -> None:
        world = World(nothing)
        await world.send("1")

        def second_time(life: Life) -> Handler:
            tries = 0

            async def handler(_: Delivery) -> None:
                nonlocal tries
                tries += 1
                if tries == 2:
                    life.end()
                    await asyncio.sleep(1)
                raise Retry("not yet", after=1.0)

            return handler

        assert await _lives(world, second_time) == MAX_ATTEMPTS
        assert "begun 4 times" in str(world.queue.dead[0].reason)

    play(story)


def test_what_was_in_hand_when_another_message_killed_the_processor_is_worked() -> None:
    """P-accept: of ten that die together, time and again, one is to blame."""

    async def story() -> None:
        world = World(nothing)
        for number in range(10):
            await world.send("killer" if number == 4 else f"good-{number}", lane=f"lane-{number}")
        await _lives(world, lambda life: _deadly(life, "killer", after_s=1, others_take_s=2))
        assert [letter.lane for letter in world.queue.dead] == ["lane-4"]

    play(story)


def test_what_waited_for_its_turn_before_a_restart_is_worked_after_it() -> None:
    """P-accept, T7: of a message that was received often, nobody knows whether it was ever worked. It is, then."""

    async def story() -> None:
        world = World(failing({"1": 3 * MAX_ATTEMPTS}, VendorThrottled("Slack", "x", retry_after=4.0)))
        await world.send("1", "2", "3")
        first = asyncio.create_task(world.consumer().run(world.stop))
        await clock.sleep(240)
        assert world.queue.messages[0].received > 2 * MAX_ATTEMPTS > len(world.queue.messages)
        world.stop.set()
        await first
        world.stop = asyncio.Event()
        await world.until_quiet(3_600)
        assert world.queue.dead == []
        assert [key for key, _ in world.worked[-2:]] == ["2", "3"]

    play(story)


def test_what_may_have_killed_before_is_not_begun_while_nobody_can_note_it() -> None:
    """A table that is away opens no way around the bound on a crash loop."""

    async def story() -> None:
        world = World(nothing)
        await world.send("1")
        [delivery] = await world.queue.receive()
        await world.queue.extend(delivery, 0)

        async def away(message: str) -> int:
            raise VendorUnavailable("DynamoDB", "GetItem", "away")

        world.marks.begun = away  # type: ignore[method-assign]
        await world.until_quiet()
        assert world.worked == []
        assert "DynamoDB" in str(world.queue.dead[0].reason)

    play(story)


def test_who_waits_is_parked_with_the_reason_before_the_queue_drops_it_without() -> None:
    """P-loud: a race that never ends is told; and each of those that were received with it is worked first."""

    async def story() -> None:
        keys = [f"{number}" for number in range(10)]
        busy = failing(dict.fromkeys(keys, 10_000), Busy("somebody is at it", after=2.0))
        world = World(busy, queue=MemoryQueue(receives_max=100))
        await world.send(*keys)
        await world.until_quiet(100_000)
        reasons = [str(letter.reason) for letter in world.queue.dead]
        assert len(reasons) == 10
        assert all("somebody is at it" in reason and "after 100 the queue drops it" in reason for reason in reasons)
        assert {key for key, _ in world.worked} == set(keys)
        assert world.times[60] - world.times[0] > 1_500, "who is busy is asked seldomer and seldomer"

    play(story)


def test_what_people_do_waits_for_no_alert() -> None:
    """P-bounded: more alerts than are worked side by side, each long; a click in between is worked at once."""

    async def story() -> None:
        async def long(delivery: Delivery) -> None:
            await asyncio.sleep(1 if delivery.of_people else 99)

        world = World(long)
        for number in range(3 * consumers.TURNS):
            await world.send(f"alert-{number}", lane=f"alert:{number}")
        running = asyncio.create_task(world.until_quiet())
        await clock.sleep(20)
        asked = clock.monotonic()
        for lane in ("slack:C1", "modal:U1", "room:C1"):
            await world.send(lane, lane=lane)
        await running
        begun = {key: at for (key, _), at in zip(world.worked, world.times, strict=True)}
        assert all(begun[lane] - asked < 1 for lane in ("slack:C1", "modal:U1", "room:C1")), begun
        alerts = sorted(at for key, at in begun.items() if key.startswith("alert"))
        assert [at for at in alerts if at < 90] == alerts[: consumers.TURNS], "as many at once as before"
        assert len(world.worked) == 3 * consumers.TURNS + 3

    play(story)


def test_what_waits_for_its_turn_is_held_and_given_back_at_the_end() -> None:
    """D3, L5: it is nobody else's while it waits, and the next processor's at once when this one stops."""

    async def story() -> None:
        async def long(_: Delivery) -> None:
            await asyncio.sleep(100)

        world = World(long)
        for number in range(2 * consumers.TURNS):
            await world.send(f"alert-{number}", lane=f"alert:{number}")
        running = asyncio.create_task(world.consumer().run(world.stop))
        await clock.sleep(3 * VISIBILITY_S)
        assert await world.queue.receive(wait_s=0) == []
        world.stop.set()
        await running
        assert world.begun == consumers.TURNS
        assert len([one for one in world.queue.messages if one.visible_at <= clock.wall()]) == consumers.TURNS

    play(story)


def test_when_parking_fails_the_message_stays() -> None:
    """L6: never deleted first."""

    async def story() -> None:
        world = World(failing({"1": 99}, Park("no such thing")))
        park, away = world.queue.park, [True]

        async def first_away(delivery: Delivery, reason: str) -> None:
            if away.pop() if away else False:
                raise VendorUnavailable("SQS", "park", "away")
            await park(delivery, reason)

        world.queue.park = first_away  # type: ignore[method-assign]
        await world.send("1")
        await world.until_quiet()
        assert [letter.reason for letter in world.queue.dead] == ["no such thing"]

    play(story)


def test_a_lost_delete_is_worked_again_rather_than_lost() -> None:
    async def story() -> None:
        world = World(nothing)
        delete, away = world.queue.delete, [True]

        async def first_away(delivery: Delivery) -> None:
            if away.pop() if away else False:
                raise VendorUnavailable("SQS", "delete", "away")
            await delete(delivery)

        world.queue.delete = first_away  # type: ignore[method-assign]
        await world.send("1", "2")
        await world.until_quiet()
        assert world.worked == [("1", 1), ("1", 2), ("2", 1)]

    play(story)


def test_it_outlasts_a_queue_that_is_away() -> None:
    async def story() -> None:
        world = World(nothing)
        receive, failures = world.queue.receive, [1, 2, 3]

        async def away_at_first(**how: int) -> list[Delivery]:
            if failures:
                failures.pop()
                raise VendorUnavailable("SQS", "receive", "away")
            return await receive(**how)

        world.queue.receive = away_at_first  # type: ignore[method-assign]
        await world.send("1")
        await world.until_quiet()
        assert world.worked == [("1", 1)]

    play(story)


def test_on_stop_what_is_in_hand_is_finished_and_the_rest_given_back() -> None:
    """L5: nothing in flight dies, and nothing more is begun."""

    async def story() -> None:
        finished: list[str] = []

        async def some_seconds(delivery: Delivery) -> None:
            await asyncio.sleep(10)
            finished.append(delivery.envelope.dedup_id)

        world = World(some_seconds)
        await world.send("1", "2", "3")
        running = asyncio.create_task(world.consumer().run(world.stop))
        await asyncio.sleep(5)
        world.stop.set()
        await world.send("4", lane="b")
        await running
        assert finished == ["1"]
        assert [m.text for m in world.queue.messages if m.visible_at <= clock.wall()] == [
            m.text for m in world.queue.messages
        ], "what was given back is visible to the next processor at once"
        assert len(world.queue.messages) == 3
        assert clock.monotonic() < 11

    play(story)


def test_on_stop_what_takes_too_long_is_cancelled_and_given_back() -> None:
    """L5: the grace period is kept."""

    async def story() -> None:
        cancelled: list[str] = []

        async def for_ever(delivery: Delivery) -> None:
            try:
                await asyncio.sleep(10_000)
            except asyncio.CancelledError:
                cancelled.append(delivery.envelope.dedup_id)
                raise

        world = World(for_ever)
        await world.send("1")
        running = asyncio.create_task(world.consumer().run(world.stop))
        await asyncio.sleep(5)
        world.stop.set()
        await running
        assert cancelled == ["1"]
        assert clock.monotonic() < 5 + DRAIN_S + 1
        [again] = await world.queue.receive(wait_s=0)
        assert again.envelope.dedup_id == "1"

    play(story)


def test_stop_breaks_off_an_idle_poll() -> None:
    """L5"""

    async def story() -> None:
        world = World(nothing)
        running = asyncio.create_task(world.consumer().run(world.stop))
        await asyncio.sleep(3)
        world.stop.set()
        await running
        assert clock.monotonic() < 4

    play(story)


def test_whoever_cannot_be_told_stops_nothing() -> None:
    async def story() -> None:
        world = World(failing({"1": 99}, Park("no such thing")))

        class Deaf(list[tuple[str, str]]):
            def append(self, _: tuple[str, str]) -> None:
                raise RuntimeError("Slack is down")

        world.told = Deaf()
        await world.send("1", "2")
        await world.until_quiet()
        assert world.worked == [("1", 1), ("2", 1)]
        assert len(world.queue.dead) == 1

    play(story)


def test_what_is_in_hand_is_not_worked_beside_itself() -> None:
    """D3, D11: the hold ran out while the processor stood still, and the queue hands the same message out again."""
    at_once = most = 0

    async def handler(_: Delivery) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await clock.sleep(5)
        at_once -= 1

    async def story() -> None:
        world = World(handler)
        await world.send("one")

        async def let_the_hold_run_out() -> None:
            await clock.sleep(2)
            world.queue.messages[0].visible_at = clock.wall()

        await asyncio.gather(world.until_quiet(), let_the_hold_run_out())
        assert world.begun > 1
        assert most == 1

    play(story)
