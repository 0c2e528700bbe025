"""EventBridge Scheduler's clock: moto keeps schedules and never fires them, so this does.

It goes by the time of the people (``clock.now()``): in a sandbox that runs faster, fifteen minutes pass faster.
A schedule fires within half a second of its time; the real one, within a minute.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from botocore.exceptions import BotoCoreError, ClientError

from app import clock
from app.sim import aws

_LOOK_S = 0.5  # machine seconds between two looks
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")

Schedule = Mapping[str, Any]  # as GetSchedule gives it


def due(schedule: Schedule, last: datetime | None, now: datetime) -> datetime | None:
    """The scheduled time that is to fire now, or None. ``last``: the time up to which it has fired already.

    Pure. Of several that were missed, the latest one: a nudge that nobody could send is not sent twice.
    """
    if schedule["State"] == "DISABLED":
        return None
    once = _once(schedule)
    if once:  # a one-time schedule ignores StartDate and EndDate
        return once if once <= now and (last is None or last < once) else None
    rate = _RATE.fullmatch(schedule["ScheduleExpression"])
    if rate is None:
        raise ValueError(f"{schedule['ScheduleExpression']}: the sandbox knows rate(...) and at(...) alone")
    every = timedelta(**{f"{rate[2]}s": int(rate[1])})
    start: datetime = schedule.get("StartDate") or last or now  # without a StartDate the first one fires at once
    if start > now:
        return None
    when = start + (now - start) // every * every
    if (last is not None and when <= last) or _ended(schedule, when):
        return None
    return when


def over(schedule: Schedule, last: datetime | None, now: datetime) -> bool:
    """Nothing more will come of it: the moment at which ActionAfterCompletion counts."""
    once = _once(schedule)
    if once:
        return last is not None and last >= once
    return _ended(schedule, now)


def message(schedule: Schedule, when: datetime) -> str:
    scheduled = when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text: str = schedule["Target"]["Input"]
    return text.replace("<aws.scheduler.scheduled-time>", scheduled)


def _once(schedule: Schedule) -> datetime | None:
    at = _AT.fullmatch(schedule["ScheduleExpression"])
    zone = ZoneInfo(schedule.get("ScheduleExpressionTimezone", "UTC"))
    return datetime.fromisoformat(at[1]).replace(tzinfo=zone) if at else None


def _ended(schedule: Schedule, when: datetime) -> bool:
    end: datetime | None = schedule.get("EndDate")
    return end is not None and when > end


class SchedulerClock:
    """Looks at the group's schedules again and again, and sends what is due into the queues."""

    def __init__(self, endpoint: str, group: str) -> None:
        self._scheduler = aws.client("scheduler", endpoint)
        self._sqs = aws.client("sqs", endpoint)
        self._endpoint = endpoint
        self._group = group
        self._known: dict[tuple[str, datetime], Schedule] = {}  # by name and last modification: not read twice
        self._last: dict[tuple[str, datetime], datetime] = {}  # by name and creation: fired up to then
        self.problems: dict[str, str] = {}  # schedule -> why it cannot fire; shown by the world's /ready

    async def run(self) -> None:
        while True:
            await asyncio.to_thread(self.look, clock.now())
            await asyncio.sleep(_LOOK_S)

    def look(self, now: datetime) -> None:
        try:
            schedules = self._schedules()
        except (BotoCoreError, ClientError) as error:
            self.problems["(all)"] = str(error)
            return
        self.problems.clear()
        for schedule in schedules:
            try:
                self._fire(schedule, now)
            except (BotoCoreError, ClientError, KeyError, ValueError) as error:
                self.problems[schedule["Name"]] = repr(error)

    def _schedules(self) -> list[Schedule]:
        pages = self._scheduler.get_paginator("list_schedules").paginate(GroupName=self._group)
        known: dict[tuple[str, datetime], Schedule] = {}
        for listed in (listed for page in pages for listed in page["Schedules"]):
            key = (listed["Name"], listed["LastModificationDate"])
            try:
                known[key] = self._known.get(key) or self._scheduler.get_schedule(
                    Name=listed["Name"], GroupName=self._group
                )
            except self._scheduler.exceptions.ResourceNotFoundException:
                continue  # removed between the list and the look
        self._known = known
        return list(known.values())

    def _fire(self, schedule: Schedule, now: datetime) -> None:
        key = (schedule["Name"], schedule["CreationDate"])
        if schedule["State"] == "DISABLED":
            self._last[key] = now  # what passes while it is silenced is not made up for later
            return
        when = due(schedule, self._last.get(key), now)
        if when is not None:
            target = schedule["Target"]
            self._sqs.send_message(
                QueueUrl=aws.queue_url(self._endpoint, target["Arn"].rsplit(":", 1)[-1]),
                MessageBody=message(schedule, when),
                MessageGroupId=target["SqsParameters"]["MessageGroupId"],  # no deduplication id: the body's hash is it
            )
            self._last[key] = when
        if over(schedule, self._last.get(key), now) and schedule.get("ActionAfterCompletion") == "DELETE":
            self._scheduler.delete_schedule(Name=schedule["Name"], GroupName=self._group)
