"""A model may phrase; it may not know anything. A sentence that claims what has no source is dropped. Pure.

A source is a line. A number is found in a line that speaks of the same thing, a time in one that says what happened
then, a cause in one that calls it the cause. This cannot prove a sentence right, so a person reads every text before
it counts; it keeps out what nobody ever said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain import claims
from app.domain.source_lines import SourceLines


@dataclass(frozen=True)
class Sources:
    """``recorded``: by ourselves, or the words of those who speak for the incident. ``reported``: what machines and
    strangers wrote; it can be quoted as theirs, and nothing is so because they say so."""

    recorded: Sequence[str]
    reported: Sequence[str] = ()


@dataclass(frozen=True)
class Dropped:
    sentence: str
    why: str


@dataclass(frozen=True)
class Checked:
    kept: tuple[str, ...]
    dropped: tuple[Dropped, ...]

    @property
    def text(self) -> str:
        return " ".join(self.kept)

    @property
    def enough(self) -> bool:
        """A text that is mostly gone does not say any more what its writer was asked to say."""
        return len(self.kept) > 0 and len(self.kept) >= len(self.dropped)


def check(text: str, sources: Sources, *, public: bool = False) -> Checked:
    """``public``: for customers, so without promises, requests, and names that nobody gave them."""
    recorded = SourceLines(sources.recorded)
    known = recorded if public else SourceLines([*sources.recorded, *sources.reported])
    kept: list[str] = []
    dropped: list[Dropped] = []
    for sentence in claims.sentences(text):
        if why := _objection(sentence, recorded, known, public=public):
            dropped.append(Dropped(sentence, why))
        else:
            kept.append(sentence)
    return Checked(tuple(kept), tuple(dropped))


def _objection(sentence: str, recorded: SourceLines, known: SourceLines, *, public: bool) -> str | None:
    """The first claim without a source, in words; None: all have one."""
    quotable = known if claims.attributed(sentence) else recorded
    same = quotable.sharing(sentence)
    denied = not claims.negated(sentence) or same & quotable.denying
    objections = (
        ("markup", [mark for mark in "<>[]{}|`" if mark in sentence]),
        ("time", [at for at in claims.times(sentence) if not _happened(at, sentence, recorded)]),
        ("date", [day for day in claims.dates(sentence) if not recorded.on(day)]),
        ("number", [n.value for n in claims.numbers(sentence) if not same & quotable.counting(n)]),
        ("amount", [word for word in claims.vague(sentence) if not same & quotable.vaguely(word)]),
        ("name", [name for name in claims.names(sentence) if not known.say(name)]),
        ("cause", [] if _cause_is_known(sentence, recorded) else ["a cause"]),
        ("outcome", [outcome for outcome in claims.outcomes(sentence) if not recorded.telling(outcome)]),
        ("denial", [] if denied else ["not"]),
        ("promise", [it for it in claims.promises(sentence) if not recorded.say(it)] if public else []),
        ("request", [it for it in claims.requests(sentence) if not recorded.say(it)] if public else []),
    )
    return next((f"{kind} without a source: {found[0]}" for kind, found in objections if found), None)


def _happened(at: str, sentence: str, recorded: SourceLines) -> bool:
    """A line of that time speaks of the same; if the sentence says how something ended, so does the line."""
    ended = [recorded.telling(outcome) for outcome in claims.outcomes(sentence)]
    return bool((recorded.at(at) & recorded.sharing(sentence)).intersection(*ended))


def _cause_is_known(sentence: str, recorded: SourceLines) -> bool:
    """Only by a line that speaks of a cause, too, and names all that the sentence names as one."""
    named = claims.cause(sentence)
    return named is None or recorded.blaming(recorded.naming(named))
