"""Schedules that outlive us: EventBridge Scheduler, sending envelopes to a FIFO queue.

Every write names its whole schedule, since an update resets what it leaves out, and every write may be repeated: the
name is unique in its group. A schedule fires within a minute after its time, and perhaps once more after its removal.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import aioboto3
from aiobotocore.config import AioConfig

from app import clock
from app.aws_calls import AwsCalls
from app.domain.schedule import SCHEDULED_TIME, Into
from app.errors import VendorRefused, VendorUnavailable
from app.queue.envelope import Envelope

if TYPE_CHECKING:
    from types_aiobotocore_scheduler.client import EventBridgeSchedulerClient

VENDOR = "EventBridge Scheduler"
DEADLINE_S = 5.0
_TRIES = 3
_PAUSE_S = 0.2  # before the second try; twice that before the third
_CALLS = AwsCalls(
    VENDOR,
    "check the schedule group, and that the scheduler's role may send to the queue and be passed by this pod",
    deadline_s=DEADLINE_S,
    pause_s=_PAUSE_S,
)
_CONFIG = AioConfig(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=DEADLINE_S)
# A reminder that could not be delivered for five minutes is no reminder any more; the default would be a day.
_RETRY_POLICY = {"MaximumEventAgeInSeconds": 300, "MaximumRetryAttempts": 5}
_RETRY_FOR_A_DAY = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}  # nothing follows what fires once
_SOONEST = timedelta(minutes=1)  # AWS: what it does with a time that is past is not written down
_COMPARED = ("ScheduleExpression", "StartDate", "EndDate", "State", "Target")
_WHOLE = (
    "Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "StartDate", "EndDate",
    "FlexibleTimeWindow", "State", "ActionAfterCompletion", "Target",
)  # fmt: skip

_Schedule = dict[str, Any]


class EventBridge:
    """``ports.Timers``; used as ``async with EventBridge(...) as timers``."""

    def __init__(
        self, session: aioboto3.Session, *, group: str, role_arn: str, queue_arns: Mapping[Into, str], region: str
    ) -> None:
        self._session = session
        self._group = group
        self._role_arn = role_arn
        self._queue_arns = queue_arns
        self._region = region
        self._stack = AsyncExitStack()
        self._client: EventBridgeSchedulerClient

    async def __aenter__(self) -> Self:
        client = self._session.client("scheduler", region_name=self._region, config=_CONFIG)
        self._client = await self._stack.enter_async_context(client)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def every(self, name: str, interval: timedelta, *, first: datetime, end: datetime, message: Envelope) -> None:
        minutes = max(1, -(-interval // timedelta(minutes=1)))
        rate = f"rate({minutes} minute{'s' if minutes > 1 else ''})"
        dates = {"StartDate": _whole_second(first), "EndDate": _whole_second(end)}
        await self._put(self._schedule(name, rate, message) | dates)

    async def once(self, name: str, at: datetime, *, message: Envelope, into: Into = Into.NUDGES) -> None:
        soon = max(at, clock.now() + _SOONEST)
        schedule = self._schedule(name, f"at({_whole_second(soon):%Y-%m-%dT%H:%M:%S})", message, into)
        schedule["Target"]["RetryPolicy"] = _RETRY_FOR_A_DAY
        await self._put(schedule)

    async def silence(self, name: str) -> bool:
        there = await self._get(name)
        if there is None:
            return False
        whole = {key: there[key] for key in _WHOLE if there.get(key) is not None}
        if "StartDate" in whole and whole["StartDate"] <= clock.now():
            del whole["StartDate"]  # AWS refuses one that is past, and a disabled schedule needs none
        return await self._update({**whole, "State": "DISABLED"})

    async def remove(self, name: str) -> bool:
        async def delete() -> None:
            await self._client.delete_schedule(Name=name, GroupName=self._group)

        return await self._found("DeleteSchedule", delete)

    async def exists(self, name: str) -> bool:
        return await self._get(name) is not None

    def _schedule(self, name: str, expression: str, message: Envelope, into: Into = Into.NUDGES) -> _Schedule:
        text = message.encode()
        if SCHEDULED_TIME not in text:
            raise ValueError(f"{name}: without {SCHEDULED_TIME} the queue takes two firings for one message")
        return {
            "Name": name,
            "GroupName": self._group,
            "ScheduleExpression": expression,
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "ENABLED",
            "ActionAfterCompletion": "DELETE",
            "Target": {
                "Arn": self._queue_arns[into],
                "RoleArn": self._role_arn,
                "SqsParameters": {"MessageGroupId": message.lane},
                "Input": text,
                "RetryPolicy": _RETRY_POLICY,
            },
        }

    async def _put(self, schedule: _Schedule) -> None:
        """Create it; where it exists already, see to it that it is this one."""
        for attempt in range(_TRIES):
            await asyncio.sleep(_PAUSE_S * attempt)
            try:
                await _CALLS.repeat("CreateSchedule", lambda: self._client.create_schedule(**_with_token(schedule)))
                return
            except VendorRefused as error:
                if error.code != "ConflictException":
                    raise
            there = await self._get(schedule["Name"])
            if there and all(there.get(key) == schedule.get(key) for key in _COMPARED):
                return
            if await self._update(schedule):
                return
        # It completed and is being deleted: AWS frees a name some time after that.
        raise VendorUnavailable(VENDOR, "CreateSchedule", f"the name {schedule['Name']} is not free yet")

    async def _get(self, name: str) -> _Schedule | None:
        try:
            found: Any = await _CALLS.repeat(
                "GetSchedule", lambda: self._client.get_schedule(Name=name, GroupName=self._group)
            )
        except VendorRefused as error:
            if error.code == "ResourceNotFoundException":
                return None
            raise
        return dict(found)

    async def _update(self, schedule: _Schedule) -> bool:
        async def update() -> None:
            await self._client.update_schedule(**_with_token(schedule))

        return await self._found("UpdateSchedule", update)

    async def _found(self, operation: str, call: Callable[[], Awaitable[None]]) -> bool:
        try:
            await _CALLS.repeat(operation, call)
        except VendorRefused as error:
            if error.code == "ResourceNotFoundException":
                return False
            raise
        return True


def _with_token(schedule: _Schedule) -> Any:
    """The same write has the same token, also from another process after a crash."""
    canonical = json.dumps(schedule, sort_keys=True, default=str)
    return {**schedule, "ClientToken": hashlib.sha256(canonical.encode()).hexdigest()}


def _whole_second(moment: datetime) -> datetime:
    """Rounded up: never before its time."""
    utc = moment.astimezone(UTC)
    return utc if utc.microsecond == 0 else utc.replace(microsecond=0) + timedelta(seconds=1)
