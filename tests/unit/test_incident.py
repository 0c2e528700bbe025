"""States and names of an incident."""

from __future__ import annotations

import re
from datetime import timedelta, timezone
from itertools import product

import pytest

from app.domain.ids import incident_id
from app.domain.incident import TRANSITIONS, Status, channel_name
from app.domain.schedule import schedule_name
from tests.factories import AT, incident


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_only_moves_of_the_table_happen(before: Status, after: Status) -> None:
    known = incident(status=before)
    if after in TRANSITIONS[before]:
        assert known.to(after).status is after
        return
    with pytest.raises(ValueError, match="cannot go from"):
        known.to(after)
    assert known.status is before


def test_out_of_resolved_leads_one_way_only() -> None:
    """D2: a late redelivery of what made the room cannot bring a resolved incident back; an alert that fires again
    can."""
    assert TRANSITIONS[Status.RESOLVED] == {Status.ACTIVE}


def test_a_status_does_not_change_behind_the_tables_back() -> None:
    with pytest.raises(ValueError, match="transition table"):
        incident().but(status=Status.TRACKED)


def test_the_same_alert_gives_the_same_incident_and_a_refire_another() -> None:
    one = incident_id("group", 1, AT)
    assert incident_id("group", 1, AT.astimezone(timezone(timedelta(hours=5)))) == one
    others = [("group", 2, AT), ("group2", 1, AT), ("group", 1, AT + timedelta(days=400))]
    assert one not in [incident_id(*other) for other in others]


@pytest.mark.parametrize("suffix", [0, 3])
def test_channel_names_are_what_slack_takes(suffix: int) -> None:
    name = channel_name(incident(id="x" * 90), suffix)
    assert len(name) <= 80
    assert re.fullmatch(r"[a-z0-9_-]+", name)
    assert channel_name(incident(id="x" * 90 + "y"), suffix) != name


def test_long_schedule_names_do_not_collide() -> None:
    """T2: cut at 64 characters, two incidents had one schedule."""
    one, other = (schedule_name("nudge", "i" * 80 + end) for end in "ab")
    assert one != other
    assert max(len(one), len(other)) <= 64
