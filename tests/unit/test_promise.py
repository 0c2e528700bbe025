"""When a text for customers promises the next update."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.promise import promised

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("Next update by 14:30.", 14, 30),
        ("Next update by 14:30 UTC", 14, 30),
        ("Next update: 14:30 (UTC).", 14, 30),
        ("Our next update will follow no later than 13:05 GMT.", 13, 5),
        ("We will update this page by 2:30 pm UTC.", 14, 30),
        ("We will post an update within 30 minutes.", 12, 30),
        ("More in 45 min.", 12, 45),
        ("Another update in an hour", 13, 0),
        ("Next update in half an hour.", 12, 30),
        ("Next update by 15:00. More information within 20 minutes.", 12, 20),
        ("Next update by 11:30 UTC.", 11, 30),  # past: whoever approves it is told so
    ],
)
def test_what_is_promised_is_read(text: str, hour: int, minute: int) -> None:
    assert promised(text, NOON) == NOON.replace(hour=hour, minute=minute)


@pytest.mark.parametrize(
    "text",
    [
        "We will post an update here when we know more.",
        "Next update by 14:30 CET.",  # another zone: not guessed
        "Next update by 25:00.",
        "Next update by 13:00 pm.",
        "An update was deployed at 14:30.",
        "We fixed 3 of 4 in 30 minutes.",
        "More than 14:30 happened.",
        "Next update soon. The fault began at 11:30.",
        "",
    ],
)
def test_what_is_no_promise_is_none(text: str) -> None:
    assert promised(text, NOON) is None


def test_a_time_of_the_day_is_the_nearest_one() -> None:
    """Over midnight, and from wherever one looks."""
    late = datetime(2026, 11, 21, 23, 50, tzinfo=UTC)
    there = late.astimezone(timezone(timedelta(hours=5)))
    for now in (late, there):
        assert promised("Next update by 00:20.", now) == datetime(2026, 11, 22, 0, 20, tzinfo=UTC)


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_read_without_a_fall(before: str, after: str) -> None:
    for heart in ("next update by 14:30", "more in 30 minutes", ""):
        found = promised(before + heart + after, NOON)
        assert found is None or abs(found - NOON) <= timedelta(hours=999)
