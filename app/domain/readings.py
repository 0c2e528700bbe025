"""What a data source said: four different things, and never a number for a failure (S1). Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from app.domain.redaction import redact

_LOOKED_AT = 10_000  # characters of one foreign line that are looked at


class Outcome(StrEnum):
    MEASURED = "measured"
    NO_DATA = "no data"  # the query worked and matched nothing
    FAILED = "failed"  # the query did not work; ``why`` says how
    STALE = "stale"  # the newest value is too old to speak of now


class Reading(BaseModel):
    """One line of the context snapshot, with the query that made it and where to look further."""

    model_config = ConfigDict(frozen=True)

    label: str
    outcome: Outcome
    text: str = ""  # the value with its unit, or the lines found; empty unless measured or stale
    why: str = ""  # for FAILED: what went wrong, in words
    query: str = ""
    link: str | None = None
    at: datetime | None = None  # when the value was true


def failed(label: str, why: str, *, query: str = "", link: str | None = None) -> Reading:
    return Reading(label=label, outcome=Outcome.FAILED, why=why, query=query, link=link)


def plain(text: str, limit: int = 200) -> str:
    """One line of foreign text, fit to be shown: private data removed before it is cut, nothing unprintable left."""
    printable = "".join(c if c.isprintable() else " " for c in text[:_LOOKED_AT])
    line = redact(" ".join(printable.split()))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
