"""A postmortem says what happened, with the source of each line, and leaves open what only people can know (S6)."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from app import clock
from app.domain.audit import AuditEvent, AuditType
from app.domain.evidence import Evidence
from app.domain.fact_check import Checked, Dropped
from app.domain.readings import Line, Outcome, Reading, failed
from app.messages.postmortem import OPEN, postmortem
from app.sim import memory_queue
from app.sim.virtual_time import run
from tests.factories import AT, IC, incident
from tests.house import House
from tests.office import Office

LEAD, SECOND = "U0LEAD", "U0SECONDARY"
NO_COMMITS = Reading(label="Commits", outcome=Outcome.NO_DATA)


def _section(markdown: str, name: str) -> str:
    return markdown.partition(f"## {name}\n\n")[2].partition("\n\n## ")[0]


@pytest.fixture(scope="module")
def written() -> str:
    """Of an incident in which everything happens that a postmortem has a place for."""
    kept: list[str] = []

    async def whole() -> None:
        house = House()
        async with Office(house) as office:
            await office.fire()
            await office.quiet()
            for who, words in (
                (IC, f"role comms <@{LEAD}>"),
                (IC, 'update "Payments fail because the card provider rejects them."'),
                (LEAD, 'note "The provider was *called*"'),
                (IC, f'task "Add an alarm" <@{LEAD}>'),
                (IC, "status draft Some customers cannot pay."),
            ):
                await office.command(who, words)
                await office.quiet()
            await office.press(IC, "approve_statuspage")
            await office.press(IC, "tick:impact")
            await office.press(SECOND, "take_command")
            await office.quiet()
            await clock.sleep(600)
            await office.command(SECOND, "mitigated failed over")
            await office.quiet()
            await office.command(SECOND, "resolve now")
            await office.quiet()
        kept.append(next(str(one["description"]) for one in house.linear.issues.values() if one["parent"] is None))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory_queue, "_LOOK_S", 2.0)
        run(whole())
    return kept[0]


@pytest.mark.parametrize(
    ("section", "says"),
    [
        (
            "Impact and duration",
            ["- Mitigated: 2026-11-21 09:1", "- Resolved: ", "by Secondary On-Call", "a public incident from"],
        ),
        ("Alerts", ["1. P1 “Checkout error rate above 5 %”"]),
        ("Timeline", ["Incident mitigated, by Secondary On-Call — why: failed over"]),
        (
            "People and roles",
            [
                "Primary On-Call, first on call",
                "Secondary On-Call, took command",
                "Comms from",
                "there since",
                "Checkout Engineer (found by: directory), never gave a sign of life",
            ],
        ),
        ("Public updates", ["Some customers cannot pay.", "Approved by Primary On-Call"]),
        (
            "Updates inside, and notes",
            ["Update by Primary On-Call: Payments fail because", r"Note by Checkout Lead: The provider was \*called\*"],
        ),
        ("What was known at the alert", ["Error rate: 7.1 %"]),
        ("What changed", ["no commits were found"]),
        (
            "Checklist and tasks",
            ["how badly: 2026-11-21", "never ticked", "Task for Checkout Lead: Add an alarm (open"],
        ),
        ("Root cause", [OPEN]),
        ("What went well, what did not", [OPEN]),
        ("Action items", [OPEN]),
    ],
)
def test_each_section_has_what_happened(written: str, section: str, says: list[str]) -> None:
    """S6"""
    assert [what for what in says if what not in _section(written, section)] == []


def test_each_line_of_the_timeline_has_its_event_and_what_was_posted_has_its_link(written: str) -> None:
    """S6"""
    lines = [line for line in _section(written, "Timeline").splitlines() if line.startswith("- ")]
    assert [f"(event {number}" in line for number, line in enumerate(lines, start=1)] == [True] * len(lines)
    [update] = [line for line in lines if "Status update" in line]
    assert "<http://slack/archives/" in update
    assert "<@" not in written


def _of(evidence: Evidence, **changes: Any) -> str:
    return postmortem(incident(**changes), [], evidence)


def test_an_empty_section_says_why() -> None:
    """S6"""
    text = _of(Evidence(NO_COMMITS))
    assert "never shown any context" in _section(text, "What was known at the alert")
    assert "nobody posted an update" in _section(text, "Updates inside, and notes")
    assert "No tasks" in _section(text, "Checklist and tasks")
    assert "nothing was published" in _section(text, "Impact and duration")
    assert "nobody declared it" in _section(text, "Impact and duration")
    assert "no source" in _section(_of(Evidence(NO_COMMITS, [])), "What was known at the alert")


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.NO_DATA])
def test_no_number_stands_for_what_could_not_be_read(outcome: Outcome) -> None:
    """S1"""
    reading = Reading(label="Error rate", outcome=outcome, text="0.00 %", why="Mimir said no")
    known = _section(_of(Evidence(NO_COMMITS, [reading])), "What was known at the alert")
    assert "0.00" not in known
    assert ("Mimir said no" in known) is (outcome is Outcome.FAILED)


def test_what_was_measured_stands_with_its_links_and_what_is_old_says_so() -> None:
    """S1"""
    readings = [
        Reading(label="Error rate", outcome=Outcome.MEASURED, text="7.1 %", slo="below 1 %", link="https://x.example/e"),
        Reading(label="Latency", outcome=Outcome.STALE, text="2 s", at=AT),
        Reading(
            label="Deployments", outcome=Outcome.MEASURED, text="v1",
            lines=(Line(text="v1", link="https://x.example/v1"), Line(text="v2", link="javascript:x")),
        ),
        failed("Logs", "Loki said 401"),
    ]  # fmt: skip
    known = _section(_of(Evidence(NO_COMMITS, readings)), "What was known at the alert").splitlines()
    assert known == [
        "- Error rate: 7.1 % (SLO below 1 %) <https://x.example/e>",
        "- Latency: 2 s (stale: true at 2026-11-21 03:00:00 UTC)",
        "- Deployments:",
        "  - v1 <https://x.example/v1>",
        "  - v2",
        r"- Logs: not known, reading it failed (Loki said 401)",
    ]


def test_a_models_words_stand_beside_the_facts_as_a_models_and_it_is_said_what_was_left_out() -> None:
    summary = Checked(("It was slow.",), (Dropped("DNS did it.", "cause without a source: a cause"),))
    said = _section(postmortem(incident(), [], Evidence(NO_COMMITS), summary=summary), "Summary")
    assert "began at" in said
    assert "In the words of a model: It was slow." in said
    assert "Left out of its words: 1 with a cause without a source" in said
    assert "DNS" not in said


def test_a_postmortem_of_very_much_fits_where_it_is_kept_and_says_what_it_leaves_out() -> None:
    """P-bounded: a week of reminders, notes without end, alerts in letters that take six bytes each."""
    many = [
        AuditEvent(
            incident_id="i", seq=seq, at=AT, type=AuditType.TIMELINE_NOTE, actor=f"slack:{IC}",
            details={"author": IC, "text": "عطل & <b> " * 100, "why": "é" * 500}, prev="", hash="",
        )
        for seq in range(1, 2001)
    ]  # fmt: skip
    markdown = postmortem(incident(), many, Evidence(NO_COMMITS))
    assert len(json.dumps(markdown)) < 350_000  # an item of our store holds 400 KB
    timeline = _section(markdown, "Timeline")
    assert "(event 1)" in timeline
    assert "(event 2000)" in timeline
    left_out = re.search(r"… (\d+) more are left out here", timeline)
    assert left_out
    assert timeline.count("(event ") + int(left_out[1]) == 2000
