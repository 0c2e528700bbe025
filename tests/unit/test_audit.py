"""The audit trail: numbered, chained, scrubbed, and verifiable by anyone who holds an export (P-audit)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.audit import GENESIS, AuditEvent, AuditType, Export, Fact, chain, verify
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


def test_an_event_that_hangs_on_another_one_shows() -> None:
    """P-audit: each event is whole, its number is right, and yet it was not the next."""
    trail = _trail(3)
    other = chain("inc1", 2, trail[0].hash, [Fact(type=AuditType.NUDGE_SENT, actor="slack:U0OTHER")], AT)
    assert verify([*trail[:2], *other]) == ["number 3 does not follow number 2: its link is to another event"]


def test_an_event_of_another_incident_shows() -> None:
    """P-audit: a link that fits does not make it this incident's."""
    first = _trail(1)
    foreign = chain("inc2", 1, first[0].hash, [Fact(type=AuditType.NUDGE_SENT, actor="system")], AT)
    assert verify([*first, *foreign]) == ["number 2 belongs to incident inc2"]


def _export(events: list[AuditEvent], **said: object) -> Export:
    whole = _trail()
    return Export.model_validate(
        {"incident_id": "inc1", "seq": whole[-1].seq, "head": whole[-1].hash, "events": events, **said}
    )


def test_a_whole_export_has_no_problems() -> None:
    assert _export(_trail()).problems() == []


@pytest.mark.parametrize("left", [4, 0], ids=["the last one", "all of them"])
def test_an_export_without_its_end_shows(left: int) -> None:
    """G4, P-audit: what is left is in order, and the incident knows how far it went."""
    [problem] = _export(_trail()[:left]).problems()
    assert problem.startswith("the trail should end with number 5 (")


def test_an_export_whose_end_was_written_anew_shows() -> None:
    """G7: every link of it fits; its head is not the one that the incident has."""
    trail = _trail(4)
    rewritten = chain("inc1", 4, trail[-1].hash, [Fact(type=AuditType.NUDGE_SENT, actor="slack:U0OTHER")], AT)
    assert verify([*trail, *rewritten]) == []
    [problem] = _export([*trail, *rewritten]).problems()
    assert problem.endswith("its end is missing")


def test_an_export_under_another_name_shows() -> None:
    """P-audit: a good trail, handed in as that of another incident."""
    assert _export(_trail(), incident_id="inc2").problems() == ["not all events are of incident inc2"]


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
