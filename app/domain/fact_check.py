"""A model may phrase; it may not know anything. A sentence that claims what has no source is dropped. Pure.

A source is a line. A number is found in a line that speaks of the same thing, a time in one that says what happened
then, a cause in one that calls it the cause. This cannot prove a sentence right, so a person reads every text before
it counts; it keeps out what nobody ever said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.domain import claims


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
    kept: list[str] = []
    dropped: list[Dropped] = []
    for sentence in claims.sentences(text):
        if why := _objection(sentence, sources, public=public):
            dropped.append(Dropped(sentence, why))
        else:
            kept.append(sentence)
    return Checked(tuple(kept), tuple(dropped))


def _objection(sentence: str, sources: Sources, *, public: bool) -> str | None:
    """The first claim without a source, in words; None: all have one."""
    recorded = sources.recorded
    known = recorded if public else [*recorded, *sources.reported]
    quotable = known if claims.attributed(sentence) else recorded
    about = _about(sentence)
    amounts = [line for line in quotable if about & _about(line)]
    denied = any(claims.negated(line) for line in quotable if about & _about(line))
    objections = (
        ("markup", [mark for mark in "<>[]{}|`" if mark in sentence]),
        ("time", [at for at in claims.times(sentence) if not _happened(at, sentence, recorded)]),
        ("date", [day for day in claims.dates(sentence) if not any(day in claims.dates(line) for line in recorded)]),
        ("number", [n.value for n in claims.numbers(sentence) if not any(_says(line, n) for line in amounts)]),
        ("amount", [word for word in claims.vague(sentence) if not any(word in claims.vague(one) for one in amounts)]),
        ("name", [name for name in claims.names(sentence) if not any(_names(line, name) for line in known)]),
        ("cause", [] if _cause_is_known(sentence, recorded) else ["a cause"]),
        ("outcome", [it for it in claims.outcomes(sentence) if not any(it in claims.outcomes(r) for r in recorded)]),
        ("denial", ["not"] if claims.negated(sentence) and not denied else []),
        ("promise", _unsaid(claims.promises(sentence), recorded) if public else []),
        ("request", _unsaid(claims.requests(sentence), recorded) if public else []),
    )
    return next((f"{kind} without a source: {found[0]}" for kind, found in objections if found), None)


@lru_cache(maxsize=4096)  # each sentence is held against each line of the trail
def _about(text: str) -> frozenset[str]:
    return claims.stems(text) | frozenset(claims.outcomes(text))


def _happened(at: str, sentence: str, recorded: Sequence[str]) -> bool:
    """A line of that time speaks of the same; if the sentence says how something ended, so does the line."""
    ended = set(claims.outcomes(sentence))
    return any(
        at in claims.times(line) and _about(sentence) & _about(line) and ended <= set(claims.outcomes(line))
        for line in recorded
    )


def _says(line: str, number: claims.Number) -> bool:
    return any(one.value == number.value and number.unit in {one.unit, ""} for one in claims.numbers(line))


def _names(line: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", line, re.IGNORECASE) is not None


def _cause_is_known(sentence: str, recorded: Sequence[str]) -> bool:
    """Only by a line that speaks of a cause, too, and names all that the sentence names as one."""
    named = claims.cause(sentence)
    return named is None or any(claims.cause(line) is not None and named <= claims.stems(line) for line in recorded)


def _unsaid(phrases: Sequence[str], recorded: Sequence[str]) -> list[str]:
    return [phrase for phrase in phrases if not any(_names(line, phrase) for line in recorded)]
