"""When a text for customers promises the next update: "Next update by 14:30 UTC", "within 30 minutes". Pure.

Understood are plain English forms and UTC. What is not understood is no promise; the draft's card shows which time was
read, so that whoever approves it sees whether it is the one that was meant.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

# What announces an update, and the few words that may stand before its time in the same sentence.
_UPDATE = (
    r"\b(?:next update|(?:another|further|more) (?:updates?|information|news|details)"
    r"|(?:post|give|provide|share|send|have)(?: you)?(?: an?)? updates?|update (?:you|this page|again)|more)\b"
    r"[^.!?\n\d]{0,40}?"
)
_AT = re.compile(
    _UPDATE + r"(?:\b(?:by|at|before|until|later than)\b|:) {0,3}(\d{1,2})[:.h](\d{2})(?!\d)"
    r"(?: ?([ap])\.?m\b\.?)?(?: ?\(?(UTC|GMT|Z)\b| ?\(?([A-Z]{2,5})\b)?",
    re.IGNORECASE,
)
_IN = re.compile(
    _UPDATE + r"\b(?:within|in)(?: the next)? (?:about )?(\d{1,3}|an?|one|half an) ?(minutes?|mins?|hours?|hrs?|h)\b",
    re.IGNORECASE,
)


def promised(text: str, said_at: datetime) -> datetime | None:
    """The earliest time promised in it; one of the day is the one nearest to ``said_at``, so that it may be past."""
    found = [at for hit in _AT.finditer(text) if (at := _of_day(hit, said_at))]
    found += [said_at + after for hit in _IN.finditer(text) if (after := _span(hit[1].lower(), hit[2].lower()))]
    return min(found, default=None)


def _of_day(hit: re.Match[str], said_at: datetime) -> datetime | None:
    hour, minute, half, zone = int(hit[1]), int(hit[2]), (hit[3] or "").lower(), hit[5] or ""
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59 or zone.isupper():  # another zone than UTC
        return None
    today = said_at.astimezone(UTC).replace(hour=hour, minute=minute, second=0, microsecond=0)
    return min((today + timedelta(days=day) for day in (-1, 0, 1)), key=lambda at: abs(at - said_at))


def _span(count: str, unit: str) -> timedelta:
    number = 0.5 if count.startswith("half") else float(count) if count.isdigit() else 1.0
    return timedelta(hours=number) if unit.startswith("h") else timedelta(minutes=number)
