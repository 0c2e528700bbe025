"""Markdown as the tracker shows it: foreign text that is no markup and holds nothing private, links that end where they
end. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from app.domain.redaction import findings, redact

_LINK = re.compile(r"https?://[^\s<>()\[\]]+")
_HIDDEN = frozenset({"secret", "e-mail address"})
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~]|^[-=])")


def plain(text: str) -> str:
    """On one line, and nothing in it is Markdown or HTML any more. The tracker has more readers than the room."""
    line = redact(" ".join(text.split()))
    return _MARKUP.sub(r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def link(address: str | None) -> str:
    """The address as one can follow it; "" for what is none, and for one that holds what must not be read. Its numbers
    are let be: a time in milliseconds passes for a card's."""
    shown = address and _LINK.fullmatch(address) and not _HIDDEN.intersection(findings(address))
    return f"<{address}>" if shown else ""


def fitting(lines: Sequence[str], limit: int) -> list[str]:
    """All of them, or as many as ``limit`` bytes of JSON hold: from both ends, since how it began and ended is worth
    most."""
    if sum(map(_size, lines)) <= limit:
        return list(lines)
    first = _first(lines, limit // 2)
    last = _first(reversed(lines[len(first) :]), limit // 2)[::-1]
    left = len(lines) - len(first) - len(last)
    return [*first, f"- … {left} more are left out here: too long for one document.", *last]


def _first(lines: Iterable[str], limit: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        limit -= _size(line)
        if limit < 0:
            break
        kept.append(line)
    return kept


def _size(line: str) -> int:
    return len(json.dumps(line))


def time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def duration(since: datetime, until: datetime) -> str:
    minutes, seconds = divmod(max(until - since, timedelta()) // timedelta(seconds=1), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min"), (seconds, "s")) if count]
    return " ".join(parts) or "less than a second"
