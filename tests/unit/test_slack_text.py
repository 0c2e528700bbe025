"""What Slack hands over becomes what the person typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.slack_text import called, typed, unquoted
from app.messages.message import escape


@pytest.mark.parametrize(
    ("slack", "person"),
    [
        ("see <https://x.example/a?b=1&amp;c=2>", "see https://x.example/a?b=1&c=2"),
        ("see <https://x.example|https://x.example>.", "see https://x.example."),
        ("see <http://x.example|x.example>", "see x.example"),
        ("see <http://x.example/|x.example>", "see x.example"),
        ("see <https://x.example/a|our page>", "see our page (https://x.example/a)"),
        ("write <mailto:a@x.example|a@x.example>", "write a@x.example"),
        ("in <#C0ROOM|general> and <#C0ROOM>", "in #general and #C0ROOM"),
        ("<!channel>, look", "<!channel>, look"),  # calls everybody: not for customers, who must not read it either
        ("ask <@U0LEAD|lead> of <!subteam^S1|@payments>", "ask @lead of @payments"),
        ("ask <@U0LEAD>", "ask <@U0LEAD>"),  # Slack does not say what they are called
        ("Q&amp;A &lt;b&gt; &amp;lt;", "Q&A <b> &lt;"),
        ("&lt;https://x.example|x&gt;", "<https://x.example|x>"),  # typed so
        ("1 < 2 > 1 <> <|>", "1 < 2 > 1 <> <|>"),
    ],
)
def test_what_slack_wrapped_is_what_was_typed(slack: str, person: str) -> None:
    assert called(typed(slack)) == person


def test_who_is_named_stays_named_for_a_command() -> None:
    assert typed("<@U0LEAD|lead> <!subteam^S1|@payments>") == "<@U0LEAD|lead> <!subteam^S1|@payments>"


@given(st.text())
def test_whatever_was_typed_comes_back(text: str) -> None:
    assert typed(escape(text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"We look into it."', "We look into it."),
        ("“We look into it.”", "We look into it."),
        ("„Wir suchen.“", "Wir suchen."),
        ("« On cherche »", "On cherche"),
        ('We call it "slow".', 'We call it "slow".'),
        ('"slow" and "down"', '"slow" and "down"'),
        ("“slow” and “down”", "“slow” and “down”"),
        ('"They say "slow" to it"', 'They say "slow" to it'),
        ("“They say “slow” to it”", "They say “slow” to it"),
        ('"It is ("slow")."', 'It is ("slow").'),
        ('"unfinished', '"unfinished'),
        ('  ""  ', ""),
        ('"', ""),
        ("", ""),
    ],
)
def test_only_the_quotes_around_it_all_go(text: str, words: str) -> None:
    assert unquoted(text) == words
