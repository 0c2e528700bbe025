"""Timers, as EventBridge Scheduler keeps them and as the in-memory twin does: what fires, and when."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aioboto3
import pytest

from app import clock
from app.domain.schedule import SCHEDULED_TIME, Into, schedule_name
from app.effects.eventbridge import EventBridge
from app.queue.envelope import Envelope, decode
from app.sim import aws as sandbox
from app.sim.memory_timers import MemoryTimers
from app.sim.scheduler import SchedulerClock

START = datetime(2027, 1, 31, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
NAME = schedule_name("nudge", "abcdefghij")


@dataclass
class Case:
    timers: EventBridge | MemoryTimers
    fired: Callable[[Into], Awaitable[list[Envelope]]]
    clock: Any

    async def at(self, minutes: float, into: Into = Into.NUDGES) -> list[str]:
        """The scheduled times of what fires at so many minutes after the start."""
        self.clock.at = START + timedelta(minutes=minutes)
        return [envelope.body for envelope in await self.fired(into)]


def message(key: str = "abcdefghij") -> Envelope:
    return Envelope(kind="event:nudge_due", lane=f"timer:{key}", dedup_id=SCHEDULED_TIME, body=SCHEDULED_TIME)


def stamp(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def peoples_time() -> Iterator[Any]:
    before = clock.installed()

    class _Clock(clock.RealClock):
        at = START

        def now(self) -> datetime:
            return type(self).at

    clock.install(_Clock())
    yield _Clock
    clock.install(before)


@pytest.fixture(params=["eventbridge", "memory"])
async def case(request: pytest.FixtureRequest, peoples_time: Any) -> AsyncIterator[Case]:
    if request.param == "memory":
        memory = MemoryTimers()

        async def due(into: Into) -> list[Envelope]:
            return memory.due(into)

        yield Case(memory, due, peoples_time)
        return
    endpoint: str = request.getfixturevalue("aws")
    unique = uuid.uuid4().hex
    sqs, queue = sandbox.client("sqs", endpoint), f"{unique}.fifo"
    names = {Into.NUDGES: queue, Into.SLA_CHECKS: f"sla-{queue}"}
    for name in names.values():
        sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"})
    sandbox.client("scheduler", endpoint).create_schedule_group(Name=unique)
    scheduler = SchedulerClock(endpoint, unique)

    async def fire(into: Into) -> list[Envelope]:
        scheduler.look(clock.now())
        assert scheduler.problems == {}
        url = sandbox.queue_url(endpoint, names[into])
        found = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["MessageGroupId"]
        )
        envelopes = []
        for one in found.get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
            envelopes.append(decode(one["Body"]))
            assert one["Attributes"]["MessageGroupId"] == envelopes[-1].lane
        return envelopes

    role, arns = sandbox.SCHEDULER_ROLE_ARN, {into: sandbox.queue_arn(name) for into, name in names.items()}
    timers = EventBridge(aioboto3.Session(), group=unique, role_arn=role, queue_arns=arns, region=sandbox.REGION)
    async with timers:
        yield Case(timers, fire, peoples_time)


async def test_the_first_fires_one_interval_ahead_and_then_every_interval(case: Case) -> None:
    """T1: never at once."""
    await case.timers.every(NAME, QUARTER, first=START + QUARTER, end=START + DAY, message=message())
    assert await case.at(0) == []
    assert await case.at(14.9) == []
    assert await case.at(15) == [stamp(15)]
    assert await case.at(16) == []
    assert await case.at(30.5) == [stamp(30)]


async def test_set_anew_counts_from_the_new_start(case: Case) -> None:
    """T1: a status update puts the next reminder a whole interval away."""
    await case.timers.every(NAME, QUARTER, first=START + QUARTER, end=START + DAY, message=message())
    assert await case.at(10) == []
    await case.timers.every(NAME, QUARTER, first=clock.now() + QUARTER, end=START + DAY, message=message())
    assert await case.at(20) == []
    assert await case.at(25) == [stamp(25)]


async def test_the_same_schedule_again_changes_nothing(case: Case) -> None:
    for _ in range(2):
        await case.timers.every(NAME, QUARTER, first=START + QUARTER, end=START + DAY, message=message())
    assert await case.at(15) == [stamp(15)]


async def test_it_ends_by_itself(case: Case) -> None:
    """T3: a schedule has an end, and is gone after it."""
    end = START + timedelta(minutes=20)
    await case.timers.every(NAME, QUARTER, first=START + QUARTER, end=end, message=message())
    assert await case.at(15) == [stamp(15)]
    assert await case.timers.exists(NAME)
    assert await case.at(31) == []
    assert not await case.timers.exists(NAME)


async def test_once_fires_once_and_removes_itself(case: Case) -> None:
    """T3"""
    await case.timers.once(NAME, START + timedelta(hours=1), message=message())
    assert await case.at(59) == []
    assert await case.timers.exists(NAME)
    assert await case.at(60) == [stamp(60)]
    assert not await case.timers.exists(NAME)
    assert await case.at(120) == []


async def test_what_is_for_another_queue_goes_there_alone(case: Case) -> None:
    """S5: a check of the SLA is asked for where somebody listens for it."""
    await case.timers.once(NAME, START + timedelta(hours=1), message=message(), into=Into.SLA_CHECKS)
    assert await case.at(60, Into.NUDGES) == []
    assert await case.at(60, Into.SLA_CHECKS) == [stamp(60)]
    assert not await case.timers.exists(NAME)


async def test_once_in_the_past_fires_soon_instead_of_never(case: Case) -> None:
    await case.timers.once(NAME, START - DAY, message=message())
    assert await case.at(1) == [stamp(1)]


async def test_silenced_stays_and_fires_no_more_until_it_is_set_anew(case: Case) -> None:
    """S2: the answer follows the effect."""
    await case.timers.every(NAME, QUARTER, first=START + QUARTER, end=START + DAY, message=message())
    assert await case.at(15) == [stamp(15)]
    assert await case.timers.silence(NAME)
    assert await case.at(61) == []
    assert await case.timers.exists(NAME)
    await case.timers.every(NAME, QUARTER, first=clock.now() + QUARTER, end=START + DAY, message=message())
    assert await case.at(76) == [stamp(76)]


async def test_removed_is_gone_and_removing_it_again_says_so(case: Case) -> None:
    await case.timers.every(NAME, QUARTER, first=START + QUARTER, end=START + DAY, message=message())
    assert await case.timers.remove(NAME)
    assert not await case.timers.exists(NAME)
    assert not await case.timers.remove(NAME)
    assert await case.at(15) == []


async def test_there_is_nothing_to_silence_where_nothing_is(case: Case) -> None:
    """S2"""
    assert not await case.timers.silence(NAME)


async def test_a_message_without_its_scheduled_time_is_refused(case: Case) -> None:
    """Two firings with one body would be one message to the queue."""
    bare = Envelope(kind="event:nudge_due", lane="timer:x", dedup_id="x", body="{}")
    with pytest.raises(ValueError, match="two firings"):
        await case.timers.once(NAME, START + DAY, message=bare)


async def test_eventbridge_is_told_the_whole_schedule(aws: str, peoples_time: Any) -> None:
    """What an operator sees: target, lane, end, and a bounded retry, also after an update (which resets the rest)."""
    group = uuid.uuid4().hex
    client = sandbox.client("scheduler", aws)
    client.create_schedule_group(Name=group)
    arns = {Into.NUDGES: sandbox.queue_arn("q.fifo")}
    role = sandbox.SCHEDULER_ROLE_ARN
    timers = EventBridge(aioboto3.Session(), group=group, role_arn=role, queue_arns=arns, region=sandbox.REGION)
    async with timers:
        await timers.every(NAME, timedelta(seconds=90), first=START + QUARTER, end=START + DAY, message=message())
        assert await timers.silence(NAME)
    schedule = client.get_schedule(Name=NAME, GroupName=group)
    assert schedule["State"] == "DISABLED"
    assert schedule["ScheduleExpression"] == "rate(2 minutes)"
    assert schedule["EndDate"] == START + DAY
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["ActionAfterCompletion"] == "DELETE"
    assert schedule["Target"]["SqsParameters"] == {"MessageGroupId": "timer:abcdefghij"}
    assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] <= 5


async def test_what_fires_once_is_tried_for_a_day(aws: str, peoples_time: Any) -> None:
    """S10: nothing follows it: were it given up like a reminder, a room would stay open for ever."""
    group = uuid.uuid4().hex
    client = sandbox.client("scheduler", aws)
    client.create_schedule_group(Name=group)
    arns = {Into.NUDGES: sandbox.queue_arn("q.fifo")}
    role = sandbox.SCHEDULER_ROLE_ARN
    async with EventBridge(
        aioboto3.Session(), group=group, role_arn=role, queue_arns=arns, region=sandbox.REGION
    ) as timers:
        await timers.once(NAME, START + QUARTER, message=message())
    policy = client.get_schedule(Name=NAME, GroupName=group)["Target"]["RetryPolicy"]
    assert policy["MaximumEventAgeInSeconds"] == DAY.total_seconds()
