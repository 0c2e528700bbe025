"""When a text for customers promises the next update."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.draft import PublicStatus, PublicText
from app.domain.promise import promised, unread
from app.gate.drafts import problems

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def text(body: str, status: PublicStatus = PublicStatus.INVESTIGATING) -> PublicText:
    return PublicText(title="Service disruption", status=status, body=body)


@pytest.mark.parametrize(
    ("body", "hour", "minute"),
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
        ("Next update by 2 pm.", 14, 0),
        ("Next update by 2 p.m. UTC. We are sorry.", 14, 0),
        ("Next update at 2pm UTC", 14, 0),
        ("Next update at 12 pm UTC", 12, 0),
        ("Next update by 14h30.", 14, 30),
        ("Next update by 14h UTC.", 14, 0),
        ("Next update by 14.30 UTC.", 14, 30),
        ("Next update by 14:30:00Z.", 14, 30),
        ("Next update by\u00a014:30\u00a0UTC.", 14, 30),
        ("Next update by 16:30+02:00.", 14, 30),
        ("Next update by 16:30 UTC+2.", 14, 30),
        ("Next update by 18:00 (GMT+05:30)", 12, 30),
        ("Next update today at 14:30 UTC.", 14, 30),
        ("Next update by 23:50 UTC today.", 23, 50),
        ("Next update by 14:30 UTC (15:30 CET).", 14, 30),
        ("We will post updates every 30 minutes.", 12, 30),
        ("Further information will be shared with everybody who is affected by this at 14:30 UTC.", 14, 30),
    ],
)
def test_what_is_promised_is_read(body: str, hour: int, minute: int) -> None:
    assert promised(text(body), NOON) == NOON.replace(hour=hour, minute=minute)
    assert unread(text(body)) == []


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ("Next update tomorrow at 9 am UTC.", datetime(2026, 11, 22, 9, 0, tzinfo=UTC)),
        ("Next update by 09:00 UTC tomorrow.", datetime(2026, 11, 22, 9, 0, tzinfo=UTC)),
        ("Next update by tomorrow, 13:00 UTC.", datetime(2026, 11, 22, 13, 0, tzinfo=UTC)),
        ("Next update tomorrow at 00:30 +02:00.", datetime(2026, 11, 21, 22, 30, tzinfo=UTC)),
    ],
)
def test_tomorrow_is_tomorrow(body: str, at: datetime) -> None:
    assert promised(text(body), NOON) == at


@pytest.mark.parametrize(
    "body",
    [
        "We will post an update here when we know more.",
        "An update was deployed at 14:30.",
        "We fixed 3 of 4 in 30 minutes.",
        "More than 14:30 happened.",
        "Next update soon. The fault began at 11:30.",
        "We have more details on the errors that were seen at 11:30.",
        "We will post an update when errors have dropped by 50 %.",
        "We will post an update, as there are more in 3 regions.",
        "We may have an update for you.",
        "",
    ],
)
def test_what_is_no_promise_is_none(body: str) -> None:
    words = text(body or "…")
    assert promised(words, NOON) is None
    assert unread(words) == []


@pytest.mark.parametrize(
    "body",
    [
        "Next update by 14:30 CET.",  # in summer people write it and mean another
        "Next update by 14:30 est.",
        "Next update by 14:30 UTC-5.",
        "Next update by 14:30-05:00.",
        "Next update by 14:30 local time.",
        "Next update by 2 pm Pacific time.",
        "Next update by 14:30 +15:00.",
        "Next update by 25:00.",
        "Next update by 13:00 pm.",
        "Next update by 14:00 - 15:00 UTC.",
        "Next update between 14:00 and 15:00 UTC.",
        "Next update after 14:30 UTC.",
        "Next update by 1430 UTC.",
        "Next update by 14.",
        "Next update by noon.",
        "Next update by half past two.",
        "Next update tomorrow.",
        "Next update on Monday at 09:00 UTC.",
        "Next update by 09:00 UTC on 23 November.",
        "Next update by 2026-11-22 09:00 UTC.",
        "Next update by the end of the day.",
        "Next update within the hour.",
        "Next update in 30-45 minutes.",
        "Next update in an hour and a half.",
        "Next update in 1 hour 30 minutes.",
        "Next update in a few hours.",
        "Next update within two days.",
        "We will provide hourly news. More information hourly.",
        "Next update by 14:30 UTC. After that, another update by 17:00 CET.",
    ],
)
def test_a_time_that_is_not_understood_is_in_the_way_of_the_approval(body: str) -> None:
    """Never another time, and never none: nobody would be reminded of what customers wait for."""
    assert any("could not read a time in “" in why and "14:30 UTC`" in why for why in problems(text(body)))
    assert promised(text(body), NOON) in {None, NOON.replace(hour=14, minute=30)}


def test_who_reads_that_it_is_over_waits_for_nothing() -> None:
    for body in ("Next update by 14:30 UTC.", "Next update by 14:30 CET."):
        over = text(body, PublicStatus.RESOLVED)
        assert promised(over, NOON) is None
        assert unread(over) == []


def test_a_time_of_the_day_is_the_nearest_one() -> None:
    """Over midnight, and from wherever one looks."""
    late = datetime(2026, 11, 21, 23, 50, tzinfo=UTC)
    there = late.astimezone(timezone(timedelta(hours=5)))
    for now in (late, there):
        assert promised(text("Next update by 00:20."), now) == datetime(2026, 11, 22, 0, 20, tzinfo=UTC)


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_read_without_a_fall(before: str, after: str) -> None:
    for heart in ("next update by 14:30", "more in 30 minutes", "…"):
        body = text(f"{before}{heart}{after}")
        found = promised(body, NOON)
        assert found is None or abs(found - NOON) <= timedelta(hours=999)
        unread(body)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit", ["next update ", "next update by ", "more in 1 ", "1 ", "a.m ", "an ", "next update was "]
)
def test_no_text_takes_long(unit: str) -> None:
    """P-bounded: as much as a text for customers holds."""
    body = text(unit * (3000 // len(unit)))
    promised(body, NOON)
    unread(body)
