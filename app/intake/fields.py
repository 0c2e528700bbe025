"""Reading fields out of JSON that a stranger wrote: bounded, free of control characters, never surprised by a type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from app.errors import IncidentResponseError

LABELS_MAX = 64
LABEL_NAME_CHARS = 128
LABEL_VALUE_CHARS = 512
# Labels that decide something are never among those cut off: without ``drill``, say, a rehearsal would be real.
_DECISIVE = ("drill", "severity", "priority", "team", "service", "service_name", "app", "job", "alertname")
# Control characters, lone surrogates and noncharacters: unreadable for people, and SQS refuses a message with them.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]+")
_YEARS = range(2000, 9000)  # Go writes "never" as the year 1; the last years leave no room for reckoning


class BadPayload(IncidentResponseError):
    """The sender's mistake: which field, what is wrong with it, and what to do about it."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field} {problem}")
        self.field = field
        self.problem = problem
        self.remedy = remedy


def text(value: object, limit: int) -> str:
    """One line of at most ``limit`` characters; "" for what is no text and no number."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, (int, float)):
        value = str(value)
    if not isinstance(value, str):
        return ""
    return " ".join(_UNFIT.sub(" ", value).split())[:limit].rstrip()


def first_text(limit: int, *values: object) -> str:
    return next((found for value in values if (found := text(value, limit))), "")


def moment(value: object) -> datetime | None:
    """An ISO 8601 time in UTC (a time without a zone is UTC); None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value.strip())
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        utc = aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return utc if utc.year in _YEARS else None


def web_address(value: object) -> str | None:
    """Only what a browser opens: a link ends up under a person's finger."""
    address = text(value, 2000)
    return address if address.startswith(("https://", "http://")) and " " not in address else None


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def labels(*sources: object) -> dict[str, str]:
    """Of all sources, each a dict or OnCall's ``[{key: {name}, value: {name}}]``; the first to name a label wins."""
    found: dict[str, str] = {}
    for source in sources:
        for raw_name, raw_value in _pairs(source):
            name, value = text(raw_name, LABEL_NAME_CHARS), text(raw_value, LABEL_VALUE_CHARS)
            if name and value:
                found.setdefault(name, value)
    kept = sorted(found, key=lambda name: name not in _DECISIVE)[:LABELS_MAX]
    return {name: found[name] for name in kept}


def _pairs(source: object) -> Iterable[tuple[object, object]]:
    if isinstance(source, dict):
        return source.items()
    return [(_name(pair.get("key")), _name(pair.get("value"))) for pair in mappings(source)]


def _name(value: object) -> object:
    return value.get("name") or value.get("id") if isinstance(value, dict) else value
