"""The audit trail: numbered, chained, scrubbed, and verifiable by anyone who holds an export (P-audit)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.audit import GENESIS, AuditEvent, AuditType, Fact, chain, verify
from tests.factories import AT


def _trail(count: int = 5) -> list[AuditEvent]:
    facts = [Fact(type=AuditType.NUDGE_SENT, actor="system", details={"n": n}) for n in range(count)]
    return chain("inc1", 0, "", facts, AT)


def test_events_of_one_moment_are_numbered_and_none_is_lost() -> None:
    """G4: two events in one millisecond are two events."""
    trail = _trail(3)
    assert [event.seq for event in trail] == [1, 2, 3]
    assert trail[0].prev == GENESIS
    assert [event.prev for event in trail[1:]] == [event.hash for event in trail[:-1]]
    assert verify(trail) == []


def test_a_trail_goes_on_from_where_it_stood() -> None:
    first = _trail(2)
    more = chain("inc1", first[-1].seq, first[-1].hash, [Fact(type=AuditType.NUDGE_SENT, actor="system")], AT)
    assert verify([*first, *more]) == []


@pytest.mark.parametrize("number", range(5))
def test_a_removed_event_shows(number: int) -> None:
    trail = _trail(5)
    del trail[number]
    problems = verify(trail)
    # The end of a trail can only be missed by who knows where it should end: see the export's head.
    assert bool(problems) == (number != 4)


@pytest.mark.parametrize("change", [{"actor": "slack:U0OTHER"}, {"details": {"n": 99}}, {"at": AT.replace(hour=4)}])
def test_a_changed_event_shows(change: dict[str, object]) -> None:
    trail = _trail()
    trail[2] = trail[2].model_copy(update=change)
    assert any("number 3" in problem and "changed" in problem for problem in verify(trail))


def test_events_that_changed_places_show() -> None:
    trail = _trail()
    trail[1], trail[2] = trail[2], trail[1]
    assert verify(trail)


def test_details_lose_secrets_and_addresses_before_they_are_hashed() -> None:
    details = {"slack_token": "xoxb-1234567890", "note": "mail someone@example.com from 10.1.2.3", "kept": "checkout"}
    [event] = chain("inc1", 0, "", [Fact(type=AuditType.NUDGE_SENT, actor="system", details=details)], AT)
    assert "xoxb" not in str(event.details)
    assert "@" not in event.details["note"]
    assert "10.1.2.3" not in event.details["note"]
    assert event.details["kept"] == "checkout"
    assert verify([event]) == []


@given(st.dictionaries(st.text(max_size=20), st.text() | st.integers() | st.lists(st.text(), max_size=3), max_size=5))
def test_whatever_the_details_a_stored_event_verifies(details: dict[str, object]) -> None:
    [event] = chain("inc1", 0, "", [Fact(type=AuditType.NUDGE_SENT, actor="system", details=details)], AT)
    assert verify([AuditEvent.model_validate_json(event.model_dump_json())]) == []
