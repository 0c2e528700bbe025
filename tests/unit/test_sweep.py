"""The sweep, over trails that somebody tampered with (G7)."""

from __future__ import annotations

import hashlib

import pytest

from app.domain.audit import AuditType, Export, Fact, chain
from app.domain.sweep import REMEMBERED, Head, Kept, vanished, violations
from tests.factories import AT

SHA = hashlib.sha256(b"text").hexdigest()
APPROVED = Fact(
    type=AuditType.STATUSPAGE_DRAFT_APPROVED, actor="slack:U1", details={"draft_id": "d1", "sha256": SHA, "claim": "c"}
)
PUBLISHED = Fact(type=AuditType.STATUSPAGE_PUBLISHED, actor="slack:U1", details={"draft_id": "d1", "sha256": SHA})
OTHER = Fact(type=AuditType.NUDGE_SENT, actor="system")


def export(*facts: Fact) -> Export:
    events = chain("inc1", 0, "", facts, AT)
    return Export(incident_id="inc1", seq=len(events), head=events[-1].hash, events=events)


def changed(fact: Fact, **details: str) -> Fact:
    return fact.model_copy(update={"details": {**fact.details, **details}})


def test_what_was_approved_and_published_once_is_as_it_should_be() -> None:
    assert violations(export(OTHER, APPROVED, OTHER, PUBLISHED)) == []


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ((PUBLISHED,), "number 1: draft d1 was published, and these bytes were not approved"),
        ((PUBLISHED, APPROVED), "number 1: draft d1"),
        ((APPROVED, PUBLISHED, PUBLISHED), "number 3: draft d1"),
        ((APPROVED, changed(PUBLISHED, sha256="0" * 64)), "number 2: draft d1"),
        ((APPROVED, changed(PUBLISHED, draft_id="d2")), "number 2: draft d2"),
        ((APPROVED.model_copy(update={"actor": "system"}), PUBLISHED), "number 1: approved by no person"),
    ],
)
def test_a_publish_without_its_approval_is_named(facts: tuple[Fact, ...], says: str) -> None:
    """G1, G7: same draft, same bytes, before it, by a person, and each approval for one publish."""
    [found] = violations(export(*facts))
    assert found.startswith(says)


def test_a_trail_that_was_written_anew_from_end_to_end_is_seen_by_its_archived_head() -> None:
    """Whoever can write to both tables can make a trail that holds together; not one with yesterday's head."""
    true = export(OTHER, APPROVED, PUBLISHED)
    kept = [Head(3, true.head)]
    assert violations(true, kept) == []
    assert violations(export(OTHER, APPROVED, PUBLISHED, OTHER), kept) == []  # what came after the closing is no change
    forged = export(OTHER, APPROVED.model_copy(update={"actor": "slack:U9"}), PUBLISHED)
    assert violations(forged) == []
    [found] = violations(forged, [*kept, Head(3, forged.head)])  # a head of the forger's own does not help
    assert found.startswith("number 3 is not the one that was archived")


def test_a_trail_that_is_gone_is_missed_as_long_as_it_must_be_there() -> None:
    """G7: and no longer, since items expire and what is archived stays."""
    kept = [Kept("inc1", Head(3, "a" * 64), AT), Kept("inc2", Head(9, "b" * 64), AT)]
    assert vanished(kept, ["inc1", "inc2", "inc3"], AT) == {}
    assert vanished(kept, ["inc2"], AT) == {"inc1": [f"its head was archived on {AT:%Y-%m-%d}, and its trail is gone"]}
    assert vanished(kept, ["inc2"], AT + REMEMBERED) == {}
