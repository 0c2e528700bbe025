"""The sandbox's EventBridge Scheduler: when a schedule fires, and with what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.sim.scheduler import due, message, over

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def rate(**changes: Any) -> dict[str, Any]:
    return {
        "State": "ENABLED",
        "ScheduleExpression": "rate(15 minutes)",
        "StartDate": NOON + 15 * MINUTE,
        "EndDate": NOON + 50 * MINUTE,
        "Target": {"Input": '{"at": "<aws.scheduler.scheduled-time>"}'},
        **changes,
    }


def once(at: str, **changes: Any) -> dict[str, Any]:
    return {"State": "ENABLED", "ScheduleExpression": f"at({at})", "ScheduleExpressionTimezone": "UTC", **changes}


def fired(schedule: dict[str, Any], minutes: int) -> list[int]:
    """Minutes after noon at which the schedule fires, looked at every 20 seconds."""
    last, times = None, []
    for look in range(minutes * 3):
        when = due(schedule, last, NOON + look * timedelta(seconds=20))
        if when is not None:
            times.append(round((when - NOON) / MINUTE))
            last = when
    return times


def test_a_rate_counts_from_its_start_date_and_stops_at_its_end_date() -> None:
    """T1, T3: not one nudge before the first interval is over, and none after the end."""
    assert fired(rate(), minutes=120) == [15, 30, 45]


def test_a_rate_without_a_start_date_fires_at_once() -> None:
    """T1: the fault that StartDate keeps out must be there to be kept out."""
    assert fired(rate(StartDate=None, EndDate=None), minutes=40) == [0, 15, 30]


@pytest.mark.parametrize(
    ("expression", "minutes"), [("rate(1 minute)", 1), ("rate(2 hours)", 120), ("rate(1 day)", 1440)]
)
def test_units_of_a_rate(expression: str, minutes: int) -> None:
    schedule = rate(ScheduleExpression=expression, StartDate=NOON, EndDate=None)
    assert due(schedule, NOON, NOON + minutes * MINUTE - timedelta(seconds=1)) is None
    assert due(schedule, NOON, NOON + minutes * MINUTE) == NOON + minutes * MINUTE


def test_of_missed_occurrences_only_the_latest_fires() -> None:
    assert due(rate(EndDate=None), NOON + 15 * MINUTE, NOON + 61 * MINUTE) == NOON + 60 * MINUTE


def test_a_disabled_schedule_is_silent() -> None:
    assert fired(rate(State="DISABLED"), minutes=60) == []
    assert due(once("2026-11-21T12:00:00", State="DISABLED"), None, NOON + MINUTE) is None


def test_a_one_time_schedule_fires_once_whatever_its_start_and_end_say() -> None:
    schedule = once("2026-11-21T12:05:00", StartDate=NOON + 30 * MINUTE, EndDate=NOON)
    assert fired(schedule, minutes=60) == [5]


def test_a_one_time_schedule_that_was_silenced_before_its_time_still_fires() -> None:
    assert due(once("2026-11-21T12:05:00"), NOON, NOON + 5 * MINUTE) == NOON + 5 * MINUTE


def test_a_one_time_schedule_is_read_in_its_time_zone() -> None:
    schedule = once("2026-11-21T13:05:00", ScheduleExpressionTimezone="Europe/Berlin")
    assert fired(schedule, minutes=60) == [5]


def test_a_schedule_is_over_when_nothing_more_can_come_of_it() -> None:
    assert not over(once("2026-11-21T12:05:00"), None, NOON)
    assert over(once("2026-11-21T12:05:00"), NOON + 5 * MINUTE, NOON + 5 * MINUTE)
    assert not over(rate(), NOON + 45 * MINUTE, NOON + 50 * MINUTE)
    assert over(rate(), NOON + 45 * MINUTE, NOON + 51 * MINUTE)
    assert not over(rate(EndDate=None), NOON, NOON + 10_000 * MINUTE)


def test_each_occurrence_carries_its_own_scheduled_time() -> None:
    """T1: with one body for all, content-based deduplication would swallow the second nudge."""
    first, second = (message(rate(), NOON + minutes * MINUTE) for minutes in (15, 30))
    assert first == '{"at": "2026-11-21T12:15:00Z"}'
    assert second == '{"at": "2026-11-21T12:30:00Z"}'


def test_an_expression_that_the_sandbox_does_not_know_is_not_passed_over_in_silence() -> None:
    with pytest.raises(ValueError, match="rate"):
        due(rate(ScheduleExpression="cron(0 12 * * ? *)"), None, NOON)
