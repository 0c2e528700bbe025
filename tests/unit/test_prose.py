"""What customers and the team read when no model writes: true, complete, nothing private, nobody else's markup."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.alert import Alert, AlertEvent
from app.domain.audit import AuditEvent, AuditType, Fact, chain
from app.domain.draft import PublicStatus
from app.domain.evidence import Evidence
from app.domain.fact_check import Checked
from app.domain.incident import Incident, PublicIncident, Responder, Status
from app.domain.people import Source
from app.domain.readings import Line, Outcome, Reading, failed
from app.domain.redaction import findings
from app.domain.severity import Severity
from app.gate.drafts import problems
from app.messages.postmortem import OPEN, postmortem
from app.messages.public_text import TITLE, public_text

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NO_COMMITS = Reading(label="commits", outcome=Outcome.NO_DATA)
EVIDENCE = Evidence(NO_COMMITS)
LEAD = Responder(slack_id="U0LEAD", name="Checkout Lead", source=Source.DIRECTORY)


def _incident(**changes: Any) -> Incident:
    title = changes.get("title", "High error rate on db-7.prod.internal")
    alert = Alert(alert_group="AG1", event=AlertEvent.FIRING, at=AT, title=title)
    given: dict[str, Any] = {
        "id": "abc", "status": Status.ACTIVE, "severity": Severity.P1, "title": title, "service": "checkout",
        "alert": alert, "created_at": AT + timedelta(seconds=2),
    }  # fmt: skip
    return Incident(**{**given, **changes})


def _resolved(**changes: Any) -> Incident:
    ended: dict[str, Any] = {
        "status": Status.RESOLVED, "resolved_at": AT + timedelta(hours=1, minutes=2, seconds=3),
        "resolved_by": "slack:U0LEAD", "ic": "U0LEAD", "responders": (LEAD,),
    }  # fmt: skip
    return _incident(**{**ended, **changes})


def _trail(*facts: tuple[AuditType, str, dict[str, Any]]) -> list[AuditEvent]:
    return chain("abc", 0, "", [Fact(type=t, actor=actor, details=details) for t, actor, details in facts], AT)


PUBLISHED = _trail(
    (AuditType.ALERT_RECEIVED, "system", {"title": "High error rate"}),
    (AuditType.STATUSPAGE_DRAFT_CREATED, "slack:U0LEAD",
     {"draft_id": "d1", "sha256": "f" * 64, "title": "Payments fail", "body": "We are *on* it."}),
    (AuditType.STATUSPAGE_DRAFT_APPROVED, "slack:U0LEAD", {"draft_id": "d1", "sha256": "f" * 64}),
    (AuditType.STATUSPAGE_PUBLISHED, "slack:U0LEAD", {"draft_id": "d1", "sha256": "f" * 64, "status": "investigating"}),
)  # fmt: skip


def _section(markdown: str, name: str) -> str:
    return markdown.partition(f"## {name}\n\n")[2].partition("\n\n## ")[0]


# ---------------------------------------------------------------- for customers


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.MITIGATED, Status.RESOLVED])
def test_the_generic_sentence_is_fit_for_customers(status: Status) -> None:
    """G5: no placeholder, nothing private, nothing internal, no number."""
    text = public_text(_incident(status=status), [], "")
    assert problems(text) == []
    words = f"{text.title} {text.body}"
    assert not any(character.isdigit() for character in words)
    assert "checkout" not in words
    assert "db-7" not in words


def test_what_the_commander_said_is_the_text_without_what_is_private() -> None:
    """X5"""
    text = public_text(_incident(), [], "  Payments fail; db-7.prod.internal was restarted by a@example.com.  ")
    assert text.body.startswith("Payments fail; [internal host name removed] was restarted")
    assert findings(text.body) == []


@pytest.mark.parametrize(
    ("status", "public", "expected"),
    [
        (Status.ACTIVE, None, PublicStatus.INVESTIGATING),
        (Status.ASSEMBLY_DEGRADED, None, PublicStatus.INVESTIGATING),
        (Status.ACTIVE, "investigating", PublicStatus.INVESTIGATING),
        (Status.ACTIVE, "identified", PublicStatus.IDENTIFIED),
        (Status.ACTIVE, "monitoring", PublicStatus.MONITORING),
        (Status.MITIGATED, "identified", PublicStatus.MONITORING),
        (Status.RESOLVED, "monitoring", PublicStatus.RESOLVED),
        (Status.RESOLVED, None, PublicStatus.RESOLVED),
    ],
)
def test_the_public_status_follows_the_incident(status: Status, public: str | None, expected: PublicStatus) -> None:
    """S7"""
    told = PublicIncident(id="p1", status=public) if public else None
    assert public_text(_incident(status=status, public=told), [], "").status is expected


def test_an_update_keeps_the_name_that_customers_know() -> None:
    assert public_text(_incident(), [], "").title == TITLE
    assert public_text(_incident(), PUBLISHED, "").title == "Payments fail"
    assert public_text(_incident(), PUBLISHED[:3], "").title == TITLE  # written, not published


def test_a_long_text_is_cut_to_what_statuspage_takes() -> None:
    assert len(public_text(_incident(), [], "word " * 10_000).body) <= 25_000


# ---------------------------------------------------------------- the postmortem


def test_every_event_of_the_trail_is_in_the_timeline_with_its_number() -> None:
    """S6"""
    timeline = _section(postmortem(_resolved(), PUBLISHED, EVIDENCE), "Timeline")
    lines = timeline.splitlines()[: len(PUBLISHED)]
    assert [f"(event {number})" in line for number, line in enumerate(lines, start=1)] == [True] * 4
    assert all("2026-11-21 12:00:00 UTC" in line for line in lines)
    assert "Alert received, by the system" in lines[0]
    assert "by Checkout Lead" in lines[2]


def test_published_words_stand_with_their_approver_and_their_hash() -> None:
    """S6"""
    updates = _section(postmortem(_resolved(), PUBLISHED, EVIDENCE), "Public updates")
    assert r"We are \*on\* it." in updates
    assert "Approved by Checkout Lead (event 3)" in updates
    assert "f" * 64 in updates


def test_duration_is_counted_from_the_alerts_own_time() -> None:
    """S8"""
    impact = _section(postmortem(_resolved(), [], EVIDENCE), "Impact and duration")
    assert "Began: 2026-11-21 12:00:00 UTC" in impact
    assert "Duration: 1 h 2 min 3 s" in impact
    assert "by Checkout Lead" in impact


@pytest.mark.parametrize("resolved", [True, False])
def test_an_empty_section_says_why(resolved: bool) -> None:
    """S6"""
    incident = _resolved(responders=(), ic=None) if resolved else _incident()
    text = postmortem(incident, [], Evidence(failed("commits", "GitHub said 403")))
    assert "no events" in _section(text, "Timeline")
    assert "nobody asked for one" in _section(text, "Public updates")
    assert "nobody took it" in _section(text, "People and roles")
    assert "GitHub said 403" in _section(text, "What changed")
    for name in ("Root cause", "What went well, what did not", "Action items"):
        assert _section(text, name).strip() == OPEN


def test_a_draft_that_was_never_published_is_told_from_none() -> None:
    """S6"""
    text = postmortem(_resolved(), PUBLISHED[:2], EVIDENCE)
    assert "1 written, none published" in _section(text, "Public updates")


@pytest.mark.parametrize(
    ("commits", "expected"),
    [
        (Reading(label="c", outcome=Outcome.MEASURED, text="1a2b fix\n3c4d tune"), "- 1a2b fix\n- 3c4d tune"),
        (Reading(label="c", outcome=Outcome.STALE, text="1a2b fix", at=AT), "Not fresh"),
        (NO_COMMITS, "no commits were found"),
        (Reading(label="c", outcome=Outcome.NO_DATA, link="https://github.example.com/c"), "<https://github.example.com/c>"),
    ],
)  # fmt: skip
def test_what_changed_tells_measured_empty_and_failed_apart(commits: Reading, expected: str) -> None:
    """S1"""
    assert expected in _section(postmortem(_resolved(), [], Evidence(commits)), "What changed")


def test_titles_and_commits_cannot_write_markdown_or_html() -> None:
    evil = (
        "# Owned\n## Root cause\n\n<img src=x onerror=y> [click](https://evil.example.com) `x` ![p](q) | **b** @channel"
    )
    commits = Reading(label="c", outcome=Outcome.MEASURED, text="- [x](y)\n## Summary", link="javascript:alert(1)")
    readings = [
        Reading(label=evil, outcome=Outcome.MEASURED, text=evil, lines=(Line(text=evil, link=f"https://{evil}"),))
    ]
    trail = _trail(
        (AuditType.IC_ASSIGNED, "slack:U0<b>", {"te*xt": evil, "list": [evil]}),
        (AuditType.STATUS_UPDATE, "slack:U0<b>", {"text": evil, "permalink": evil}),
        (AuditType.ROLE_ASSIGNED, "slack:U0<b>", {"role": evil, "slack_id": evil}),
    )
    text = postmortem(
        _resolved(title=evil, service=evil),
        trail,
        Evidence(commits, readings, "javascript:x"),
        summary=Checked((evil,), ()),
    )
    assert "<img" not in text
    assert "<b>" not in text
    assert "](" not in text
    assert "javascript:" not in text
    headings = [line for line in text.splitlines() if line.startswith("#")]
    plain = postmortem(_resolved(), trail, EVIDENCE)
    assert headings[1:] == [line for line in plain.splitlines() if line.startswith("#")][1:]


def test_the_same_facts_give_the_same_words() -> None:
    assert postmortem(_resolved(), PUBLISHED, EVIDENCE) == postmortem(_resolved(), PUBLISHED, EVIDENCE)


def test_a_drill_says_so() -> None:
    """S9"""
    assert "This was a drill." in postmortem(_resolved(drill=True), [], EVIDENCE)
