"""A text as a person sees it, and where in the text as it stands each of its characters came from. Pure.

What is invisible is gone (zero-width characters, accents set apart), look-alikes are plain (full-width letters, hard
blanks, every dash and quote), and ``%40`` is the @ that a browser makes of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

# "%2540" is "%40" encoded once more.
_OTHER = re.compile(r"%(?:25)*([2-7][0-9A-Fa-f])|[^\x00-\x7f]")
_INVISIBLE = frozenset({"Cf", "Mn", "Me"})
_PLAIN = {"Pd": "-", "Pi": '"', "Pf": '"'}
_ALSO_PLAIN = {"\u2212": "-", "\u3002": "."}  # the minus sign; the full stop that host names may have


@dataclass(frozen=True)
class Seen:
    """``starts`` and ``ends``: of each character of ``text``, where what it stands for begins and ends."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the text as it stands that is seen from ``start`` to ``end``."""
        return self.starts[start], self.ends[end - 1]


def as_it_is(text: str) -> Seen:
    return Seen(text, range(len(text)), range(1, len(text) + 1))


def as_seen(text: str) -> Seen | None:
    """None: it looks as it stands."""
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for hit in _OTHER.finditer(text):
        characters.append(text[at : hit.start()])
        starts += range(at, hit.start())
        ends += range(at + 1, hit.start() + 1)
        plain = chr(int(hit[1], 16)) if hit[1] else _plain(hit[0])
        characters.append(plain)
        starts += [hit.start()] * len(plain)
        ends += [hit.end()] * len(plain)
        at = hit.end()
    if not at:
        return None
    characters.append(text[at:])
    starts += range(at, len(text))
    ends += range(at + 1, len(text) + 1)
    return Seen("".join(characters), starts, ends)


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    if character in _ALSO_PLAIN:
        return _ALSO_PLAIN[character]
    category = unicodedata.category(character)
    if category in _INVISIBLE:
        return ""
    return _PLAIN.get(category) or unicodedata.normalize("NFKC", character)
