"""What a data source said: four different things, and never a number for a failure (S1). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from app.domain.redaction import redact

LINES_MAX = 20
_LOOKED_AT = 10_000  # characters of one foreign line that are looked at


class Outcome(StrEnum):
    MEASURED = "measured"
    NO_DATA = "no data"  # the query worked and matched nothing
    FAILED = "failed"  # the query did not work; ``why`` says how
    STALE = "stale"  # the newest value is too old to speak of now


class Line(BaseModel):
    """One of the things found, and where a person looks at it. The link is a stranger's until it is shown as one."""

    model_config = ConfigDict(frozen=True)

    text: str
    link: str | None = None


class Reading(BaseModel):
    """One line of the context snapshot, with the query that made it and where to look further."""

    model_config = ConfigDict(frozen=True)

    label: str
    outcome: Outcome
    text: str = ""  # the value with its unit, or the lines found; empty unless measured or stale
    lines: tuple[Line, ...] = ()  # the same as ``text``, where its lines have links of their own
    slo: str = ""  # what the value should be, and, of a measured one, whether it is
    why: str = ""  # for FAILED: what went wrong, in words
    query: str = ""
    link: str | None = None
    at: datetime | None = None  # when the value was true


def failed(label: str, why: str, *, query: str = "", link: str | None = None) -> Reading:
    return Reading(label=label, outcome=Outcome.FAILED, why=why, query=query, link=link)


def listed(label: str, lines: Sequence[Line], gaps: Sequence[str], *, query: str) -> Reading:
    """Things that were found. What could not be read (``gaps``) is said beside them, and nothing is no data only where
    all could be read."""
    if not lines:
        empty = Reading(label=label, outcome=Outcome.NO_DATA, query=query)
        return failed(label, "; ".join(gaps), query=query) if gaps else empty
    left = len(lines) - LINES_MAX
    more = [f"… and {left} more"] if left > 0 else []
    shown = (*lines[:LINES_MAX], *(Line(text=text) for text in (*more, *gaps)))
    text = "\n".join(line.text for line in shown)
    return Reading(label=label, outcome=Outcome.MEASURED, text=text, lines=shown, query=query)


def plain(text: str, limit: int = 200) -> str:
    """One line of foreign text, fit to be shown: private data removed before it is cut, nothing unprintable left."""
    printable = "".join(c if c.isprintable() else " " for c in text[:_LOOKED_AT])
    line = redact(" ".join(printable.split()))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
