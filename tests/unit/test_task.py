"""What somebody should do, and who: read from what was typed."""

from __future__ import annotations

import pytest

from app.domain.task import read


@pytest.mark.parametrize(
    ("typed", "text", "owner"),
    [
        ('"roll it back" <@U0LEAD|lead>', "roll it back", "U0LEAD"),
        ('<@U0LEAD> "roll it back"', "roll it back", "U0LEAD"),
        ("roll it back <@U0LEAD>", "roll it back", "U0LEAD"),
        ("“roll it back” <@U0LEAD>", "roll it back", "U0LEAD"),
        ('"ask <@U0LEAD|lead> for the key" <@U0PRIMARY>', "ask @lead for the key", "U0PRIMARY"),
        ('"ask <@U0LEAD|lead> for the key"', "ask @lead for the key", None),
        ('"roll it back" and tell support', "roll it back and tell support", None),
        ('"roll it back" @bob', "roll it back @bob", None),
        ('"" <@U0LEAD>', "", "U0LEAD"),
    ],
)
def test_who_is_to_do_it_stands_outside_of_the_quotes_and_no_word_is_lost(
    typed: str, text: str, owner: str | None
) -> None:
    assert read(typed) == (text, owner)
