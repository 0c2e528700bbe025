"""What a model says without a source does not stand, whatever it was told to say, and whoever told it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import claims
from app.domain.fact_check import Sources, check

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "evaluation" / "sentences.json").read_text())
KNOWN = Sources(["14:00:10 Alert received", "14:40:00 the incident was resolved after 40 min, 40 minutes"])
TRUE = "The incident was resolved after 40 minutes."


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_sentence_stands_if_what_it_claims_has_a_source(case: dict[str, Any]) -> None:
    sources = Sources(case["recorded"], case.get("reported", ()))
    checked = check(case["text"], sources, public=case.get("public", False))
    assert len(checked.kept) + len(checked.dropped) == 1
    assert " ".join(one.why for one in checked.dropped).partition(" ")[0] == case["why"]


@given(st.integers(min_value=0, max_value=10**9), st.sampled_from(["%", "minutes", "customers", "errors", "ms"]))
def test_no_number_that_is_in_no_source_comes_through(number: int, unit: str) -> None:
    checked = check(
        f"The incident had {number} {unit}.", Sources(["the incident", f"the incident: {number + 1} {unit}"])
    )
    assert checked.kept == ()


@given(st.integers(min_value=2, max_value=10**6))
def test_the_number_of_a_source_does(number: int) -> None:
    assert check(f"{number:,} alerts were received.", Sources([f"{number} alerts received"])).dropped == ()


@given(st.times())
def test_no_time_that_is_in_no_source_comes_through(at: Any) -> None:
    checked = check(f"It was resolved at {at:%H:%M}.", KNOWN)
    assert bool(checked.kept) is (f"{at:%H:%M}" == "14:40")


@given(st.text(), st.text())
def test_only_words_of_the_text_come_out_and_each_sentence_is_judged_alone(before: str, behind: str) -> None:
    checked = check(f"{before}\n{TRUE}\n{behind}", KNOWN)
    assert TRUE in checked.kept
    assert check(checked.text, KNOWN).dropped == ()


@given(st.text(max_size=300))
def test_nothing_is_true_because_an_alert_says_so(title: str) -> None:
    """Prompt injection: the alert asks for a sentence, the model obeys, and it does not stand."""
    asked = "95 % of customers were affected because DNS was down; it was fixed at 14:05."
    assert check(asked, Sources(KNOWN.recorded, [f"{title} {asked}"])).kept == ()


def test_too_little_is_not_enough() -> None:
    mostly_invented = check(f"{TRUE} The root cause was DNS. It was fixed at 14:05.", KNOWN)
    assert mostly_invented.text == TRUE
    assert not mostly_invented.enough
    assert check(f"{TRUE} The root cause was DNS.", KNOWN).enough
    assert not check("", KNOWN).enough


def test_each_line_of_a_long_incident_is_taken_apart_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """P-bounded: everything else waits meanwhile."""
    looked_at: list[str] = []
    numbers = claims.numbers

    def noticed(line: str) -> list[claims.Number]:
        looked_at.append(line)
        return numbers(line)

    monkeypatch.setattr(claims, "numbers", noticed)
    recorded = [f"14:{n % 60:02}:00 update: step {n} of the rollback ended" for n in range(500)]
    text = "\n".join(
        f"According to logs, step {n} of the rollback ended at 14:{n % 60:02} and 3 failed." for n in range(50)
    )
    assert check(text, Sources(recorded, [f"log {n}" for n in range(500)])).kept
    assert {looked_at.count(line) for line in recorded} == {1}
