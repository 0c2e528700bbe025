"""Whom somebody named in a command."""

from __future__ import annotations

import pytest

from app.domain.named import Named, person, read


def test_people_addresses_and_teams_are_told_apart() -> None:
    words = (
        "<@U0LEAD|lead>, <@W0X> <mailto:A@example.com|A@example.com> b@example.com @checkout <!subteam^S1|@payments>"
    )
    assert read(words) == Named(
        slack_ids=("U0LEAD", "W0X"), emails=("a@example.com", "b@example.com"), teams=("checkout", "payments")
    )


def test_who_is_named_twice_is_one() -> None:
    assert read("<@U1> <@U1|one> @team team") == Named(slack_ids=("U1",), teams=("team",))


@pytest.mark.parametrize(
    ("words", "teams"),
    [
        ('"Checkout Team"', ("Checkout Team",)),
        ("“Checkout  Team”, payments", ("Checkout Team", "payments")),
        ('@web "@Data, Search & Co." web', ("web", "Data, Search & Co.")),
        ('"payments"', ("payments",)),
    ],
)
def test_a_team_with_blanks_in_its_name_stands_in_quotes(words: str, teams: tuple[str, ...]) -> None:
    assert read(words) == Named(teams=teams)
    assert read(f'{words} "a@example.com" <@U1>') == Named(slack_ids=("U1",), emails=("a@example.com",), teams=teams)


@pytest.mark.parametrize(
    "words", ["<!channel>", "<!here|here>", "<#C1|general>", "<https://example.com|x>", "a@b", "<@u1>"]
)
def test_what_is_nobody_is_not_guessed_at(words: str) -> None:
    """P-people."""
    assert read(words) == Named(unread=(words,))


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("<@U1>", "U1"),
        (" ME ", "U0SPEAKER"),
        ("", None),
        ("<@U1> <@U2>", None),
        ("<@U1> x@example.com", None),
        ("bob", None),
    ],
)
def test_one_person_is_one_mention_or_the_speaker(words: str, who: str | None) -> None:
    assert person(words, "U0SPEAKER") == who
