"""The lines that a model's sentences are held against, each taken apart once however many sentences ask. Pure.

A long incident has thousands of lines. So a sentence does not go through them: it finds those that share a word, a
number or a time with it, and of what no sentence asks for, nothing is looked up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

from app.domain import claims

Key = TypeVar("Key")
Numbers = frozenset[int]  # of lines
_NONE: Numbers = frozenset()


class SourceLines:
    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines

    def sharing(self, sentence: str) -> Numbers:
        """The lines that speak of the same: with a word or an outcome of the sentence in them."""
        stems = (self._by_stem.get(stem, _NONE) for stem in claims.stems(sentence))
        return _NONE.union(*stems, *map(self.telling, claims.outcomes(sentence)))

    def naming(self, stems: Iterable[str]) -> Numbers:
        """The lines with all of these stems in them; all lines, if there are none."""
        found = [self._by_stem.get(stem, _NONE) for stem in stems]
        return frozenset.intersection(*found) if found else frozenset(range(len(self._lines)))

    def telling(self, outcome: str) -> Numbers:
        return self._by_outcome.get(outcome, _NONE)

    def at(self, time: str) -> Numbers:
        return self._by_time.get(time, _NONE)

    def on(self, day: str) -> Numbers:
        return self._by_date.get(day, _NONE)

    def counting(self, number: claims.Number) -> Numbers:
        """In the same unit, or in any, if the sentence names none."""
        return self._by_number.get((number.value, number.unit), _NONE)

    def vaguely(self, word: str) -> Numbers:
        return self._by_vague.get(word, _NONE)

    @cached_property
    def denying(self) -> Numbers:
        return frozenset(n for n, line in enumerate(self._lines) if claims.negated(line))

    def blaming(self, numbers: Numbers) -> bool:
        """Whether one of these lines speaks of a cause."""
        return any(claims.cause(self._lines[n]) is not None for n in numbers)

    def say(self, phrase: str) -> bool:
        """Whether a line has it, in whatever case, and not as a part of another word."""
        wanted, text = phrase.lower(), self._text
        at = text.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            if not _in_a_word(text[max(at - 1, 0) : at]) and not _in_a_word(text[end : end + 1]):
                return True
            at = text.find(wanted, at + 1)
        return False

    @cached_property
    def _text(self) -> str:
        return "\n".join(self._lines).lower()

    @cached_property
    def _by_stem(self) -> Mapping[str, Numbers]:
        return self._by(claims.stems)

    @cached_property
    def _by_outcome(self) -> Mapping[str, Numbers]:
        return self._by(claims.outcomes)

    @cached_property
    def _by_time(self) -> Mapping[str, Numbers]:
        return self._by(claims.times)

    @cached_property
    def _by_date(self) -> Mapping[str, Numbers]:
        return self._by(claims.dates)

    @cached_property
    def _by_vague(self) -> Mapping[str, Numbers]:
        return self._by(claims.vague)

    @cached_property
    def _by_number(self) -> Mapping[tuple[str, str], Numbers]:
        return self._by(lambda line: {(n.value, unit) for n in claims.numbers(line) for unit in (n.unit, "")})

    def _by(self, of: Callable[[str], Iterable[Key]]) -> Mapping[Key, Numbers]:
        found: dict[Key, set[int]] = defaultdict(set)
        for number, line in enumerate(self._lines):
            for key in of(line):
                found[key].add(number)
        return {key: frozenset(numbers) for key, numbers in found.items()}


def _in_a_word(character: str) -> bool:
    return character.isalnum() or character == "_"
