"""What stands behind ``status draft``: nothing of it is guessed, since customers read it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.draft import PublicStatus
from app.domain.draft_request import read
from app.errors import Refused


@pytest.mark.parametrize(
    ("typed", "minutes", "words"),
    [
        ("--next 30 We look.", 30, "We look."),
        ("--next 45 min We look.", 45, "We look."),
        ("--next 1h We look.", 60, "We look."),
        ("--next 2 hours We look.", 120, "We look."),
        ("—next 12H We look.", 720, "We look."),
    ],
)
def test_when_more_follows_is_read_in_its_unit(typed: str, minutes: int, words: str) -> None:
    asked = read(typed)
    assert (asked.next_in, asked.words) == (timedelta(minutes=minutes), words)


@pytest.mark.parametrize("typed", ["--next 30s We look.", "--next 2d We look.", "--next soon We look.", "--next 13h x"])
def test_a_time_that_is_not_understood_or_too_far_away_makes_no_draft(typed: str) -> None:
    with pytest.raises(Refused, match=r"[Nn]o draft"):
        read(typed)


def test_a_state_on_its_own_line_is_a_state() -> None:
    asked = read("identified\nWe found it.\nMore soon.")
    assert (asked.status, asked.words) == (PublicStatus.IDENTIFIED, "We found it.\nMore soon.")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ('"We look into it."', "We look into it."),
        ("identified “We found “the” cause.”", "We found “the” cause."),
        ('identified --next 30 "slow" and "down"', '"slow" and "down"'),
    ],
)
def test_the_quotes_around_the_words_are_not_for_customers(typed: str, words: str) -> None:
    assert read(typed).words == words
