"""Who owns a service's code, by a CODEOWNERS file. Pure.

https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
The last matching line wins, and a line without owners takes ownership away.
"""

from __future__ import annotations

import re

_EVERYTHING = frozenset({"", "*", "**"})
_OWNER = re.compile(r"@[\w.-]+(/[\w.-]+)?|[\w.+%-]+@[\w-]+(\.[\w-]+)+", re.ASCII)


def owners(codeowners: str, service: str) -> list[str]:
    """Owners of the directory named like the service, wherever it is, or else of everything.

    Simplified: a line counts if it is about everything or if its path ends in the service's name.
    """
    found: list[str] = []
    for line in codeowners.splitlines():
        pattern, *named = re.split(r"(?:^|\s)#", line)[0].split() or [""]
        # GitHub skips a line with an owner that is none, and with what gitignore has and CODEOWNERS has not.
        if not pattern or pattern[0] in "!\\" or "[" in pattern or not all(_OWNER.fullmatch(owner) for owner in named):
            continue
        path = re.sub(r"(/\*{0,2})+$", "", pattern).lstrip("/")
        if path in _EVERYTHING or path.rpartition("/")[2] == service:
            found = named
    return found
