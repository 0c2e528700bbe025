"""What the full drill reads in its trails: each verdict is seen to turn red."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from app.domain.audit import GENESIS, AuditEvent, AuditType, Fact, chain
from app.sim.auditor import Check, Report
from app.sim.full import trails
from app.sim.report import table
from tests import factories

EVERY = timedelta(minutes=5)
LEAD = "slack:U0LEAD"
Told = tuple[float, AuditType, dict[str, Any]]


def at(minute: float) -> str:
    return (factories.AT + timedelta(minutes=minute)).isoformat()


def trail(*told: Told, by: str = "system") -> list[AuditEvent]:
    """Each with the minute at which it happened."""
    events: list[AuditEvent] = []
    for minute, kind, details in sorted(told, key=lambda one: one[0]):
        head = events[-1].hash if events else GENESIS
        fact = Fact(type=kind, actor=by, details=details)
        events += chain("a1", len(events), head, [fact], factories.AT + timedelta(minutes=minute))
    return events


def reminded(due: float, sent: float | None = None) -> Told:
    return sent or due, AuditType.NUDGE_SENT, {"scheduled_at": at(due)}


SNOOZED: Told = (10, AuditType.NUDGES_SNOOZED, {"until": at(25)})
SILENCED: Told = (10, AuditType.NUDGES_SILENCED, {})
RESUMED: Told = (25, AuditType.NUDGES_RESUMED, {})


def test_no_reminder_is_due_while_they_are_snoozed_or_silenced() -> None:
    """T1, S2: one that was on its way already is none of them."""
    good = [reminded(5), reminded(9.9, sent=10.1), reminded(25), reminded(30)]
    for asked, verdict in (((SNOOZED,), trails.snoozed), ((SILENCED, RESUMED), trails.silenced)):
        assert verdict(trail(*asked, *good), EVERY) == (True, "0 in 15 minutes, 2 afterwards")
        assert not verdict(trail(*asked, *good, reminded(15)), EVERY)[0], "it came all the same"
        assert not verdict(trail(*asked, reminded(5)), EVERY)[0], "they never came again"
        assert not verdict(trail(*asked, *good), timedelta(minutes=20))[0], "too short to tell"


PROPOSED: Told = (10, AuditType.RESOLUTION_PROPOSED, {"at": at(25)})
RESOLVED: Told = (25.5, AuditType.INCIDENT_RESOLVED, {})
KEPT: Told = (12, AuditType.RESOLUTION_WITHDRAWN, {"why": "kept open"})


def test_what_nobody_answers_resolves_by_itself_and_not_before_its_time() -> None:
    assert trails.resolved_by_itself(trail(PROPOSED, RESOLVED))[0]
    assert not trails.resolved_by_itself(trail(PROPOSED, RESOLVED, by=LEAD))[0]
    assert not trails.resolved_by_itself(trail(PROPOSED, (20, AuditType.INCIDENT_RESOLVED, {})))[0]


def test_what_is_kept_open_is_open_after_its_time() -> None:
    now = factories.AT + timedelta(minutes=26)
    assert trails.kept_open(trail(PROPOSED, KEPT), now)[0]
    assert not trails.kept_open(trail(PROPOSED, KEPT), factories.AT + timedelta(minutes=24))[0], "too early to tell"
    assert not trails.kept_open(trail(PROPOSED, KEPT, RESOLVED), now)[0]


def test_what_fires_again_goes_on_in_its_room() -> None:
    """L3"""
    room: Told = (1, AuditType.WAR_ROOM_CREATED, {"channel_id": "C0ROOM"})
    again: Told = (28, AuditType.INCIDENT_REOPENED, {})
    assert trails.reopened(trail(room, RESOLVED, again))[0]
    second: Told = (29, AuditType.WAR_ROOM_CREATED, {"channel_id": "C0SECOND"})
    assert not trails.reopened(trail(room, RESOLVED, again, second))[0]


def test_a_promise_is_broken_when_its_time_is_over_and_nothing_was_published() -> None:
    promised: Told = (1, AuditType.UPDATE_PROMISED, {"at": at(10)})
    broken: Told = (10.5, AuditType.PROMISE_BROKEN, {"promised": at(10)})
    published: Told = (5, AuditType.STATUSPAGE_PUBLISHED, {})
    assert trails.promise_broken(trail(promised, broken))[0]
    assert not trails.promise_broken(trail(promised, published, broken))[0], "it was kept"
    assert not trails.promise_broken(trail(promised, (9, AuditType.PROMISE_BROKEN, {"promised": at(10)})))[0]
    assert not trails.promise_broken(trail((1, AuditType.UPDATE_PROMISED, {"at": at(30)}), broken))[0]


@pytest.mark.parametrize("found", ["it still holds a placeholder: [e-mail address]", "[red]"])
def test_what_was_found_is_shown_as_it_stands(found: str) -> None:
    """Brackets are words here, not colours."""
    shown = io.StringIO()
    report = Report("a1", (Check("a [check]", True, found),), 1, True, (f"leak {found}",), {})
    Console(file=shown, width=200).print(table(report))
    assert shown.getvalue().count(found) == 2
    assert "a [check]" in shown.getvalue()
