"""Who owns code, by a CODEOWNERS file. Pure.

https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
The last matching line wins, and a line without owners takes ownership away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

_EVERYTHING = frozenset({"", "*", "**"})
_OWNER = re.compile(r"@[\w.-]+(/[\w.-]+)?|[\w.+%-]+@[\w-]+(\.[\w-]+)+", re.ASCII)


def owners(codeowners: str, service: str) -> list[str]:
    """Owners of the directory named like the service, wherever it is, or else of everything.

    Simplified: a line counts if it is about everything or if its path ends in the service's name.
    """
    found: list[str] = []
    for pattern, named in _lines(codeowners):
        path = _without_end(pattern).lstrip("/")
        if path in _EVERYTHING or path.rpartition("/")[2] == service:
            found = named
    return found


def _without_end(pattern: str) -> str:
    """Without what says "and all that is in it": ``/``, ``/*``, ``/**``, however often."""
    bare = pattern.rstrip("/*")
    return bare + pattern[len(bare) :].partition("/")[0]


def owners_of_paths(codeowners: str, paths: Iterable[str]) -> dict[str, list[str]]:
    """The owners of each of these files, by their paths from the repository's root."""
    last_first = [_Rule.of(pattern, named) for pattern, named in _lines(codeowners)][::-1]
    return {path: next((rule.owners for rule in last_first if rule.matches(path.split("/"))), []) for path in paths}


def _lines(codeowners: str) -> Iterator[tuple[str, list[str]]]:
    """Pattern and owners of each line that GitHub would read."""
    for line in codeowners.splitlines():
        pattern, *named = re.split(r"(?:^|\s)#", line)[0].split() or [""]
        # GitHub skips a line with an owner that is none, and with what gitignore has and CODEOWNERS has not.
        if not pattern or pattern[0] in "!\\" or "[" in pattern or not all(_OWNER.fullmatch(owner) for owner in named):
            continue
        yield pattern, named


@dataclass(frozen=True)
class _Rule:
    """One line's pattern, as in gitignore: a slash at its beginning or inside binds it to the root."""

    bound: bool
    steps: tuple[str, ...]
    owners: list[str]

    @classmethod
    def of(cls, pattern: str, owners: list[str]) -> _Rule:
        bound = "/" in pattern.rstrip("/")
        before, after = () if bound else ("**",), ("**",) if pattern.endswith("/") else ()
        return cls(bound, (*before, *pattern.strip("/").split("/"), *after), owners)

    def matches(self, names: Sequence[str]) -> bool:
        """A directory means all that is in it."""
        reached = {0}  # how many names of the path the steps so far may have used
        for number, step in enumerate(self.steps, start=1):
            if step == "**":  # any number of directories; at the end, something that lies in there
                least = min(reached) + (number == len(self.steps))
                reached = set(range(least, len(names) + 1))
            else:
                reached = {at + 1 for at in reached if at < len(names) and _fits(names[at], step)}
            if not reached:
                return False
        # "docs/*" is what lies in docs, and not in a directory of it; every other pattern may have named a directory.
        return len(names) in reached or not (self.bound and self.steps[-1] == "*")


def _fits(name: str, step: str) -> bool:
    return fnmatchcase(name, step) if "*" in step or "?" in step else name == step
