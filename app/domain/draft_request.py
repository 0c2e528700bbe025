"""What stands behind ``status draft``: a state, components, when more follows, and the words for customers. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from app.domain.component import ComponentStatus
from app.domain.draft import PublicStatus
from app.domain.slack_text import unquoted
from app.errors import Refused

# Slack's clients make typographic quotes and dashes of what people type.
_COMPONENT = re.compile(r"(?:--|—)component\s+(?:[\"“”]([^\"“”]{1,255})[\"“”]|([^\s=]{1,255}))\s*=\s*(\S{1,40})")
_NEXT = re.compile(r"(?:--|—)next\s+(\d{1,4})(?:\s*(m|min|mins|minutes?|h|hrs?|hours?)\b|(?=\s|$))", re.IGNORECASE)
_NEXT_MAX = timedelta(hours=12)  # customers read a time of day, without the day
_OPTION = re.compile(r"(?:^|\s)(?:--|—)\w+")
_USAGE = (
    '`status draft [investigating|identified|monitoring|resolved] [--component "Name"=partial_outage]… '
    "[--next minutes] [your words]`"
)


class DraftRequest(BaseModel):
    model_config = ConfigDict(frozen=True)

    status: PublicStatus | None = None
    components: dict[str, ComponentStatus] = {}  # by name, as typed
    next_in: timedelta | None = None
    words: str = ""


def read(text: str) -> DraftRequest:
    """Raises ``Refused``, with how it is typed, on what is not understood: it would be read by customers."""
    components = {hit[1] or hit[2]: _status(hit[3]) for hit in _COMPONENT.finditer(text)}
    next_in = next((_span(hit[1], hit[2] or "m") for hit in _NEXT.finditer(text)), None)
    rest = _NEXT.sub(" ", _COMPONENT.sub(" ", text)).strip()
    if unknown := _OPTION.search(rest):
        raise Refused(f"`{unknown[0].strip()}` was not understood, so no draft was written. Type: {_USAGE}.")
    first, *words = rest.split(maxsplit=1) or [""]
    named = first.lower().rstrip(":")
    if named in set(PublicStatus):
        status, rest = PublicStatus(named), "".join(words)
    else:
        status = None
    return DraftRequest(status=status, components=components, next_in=next_in, words=unquoted(rest))


def _span(count: str, unit: str) -> timedelta | None:
    span = timedelta(hours=int(count)) if unit.lower().startswith("h") else timedelta(minutes=int(count))
    if span > _NEXT_MAX:
        raise Refused(f"The next update within {_NEXT_MAX.seconds // 3600} hours at most. No draft was written.")
    return span or None


def _status(typed: str) -> ComponentStatus:
    try:
        return ComponentStatus(typed.lower().replace("-", "_"))
    except ValueError:
        known = ", ".join(f"`{status}`" for status in ComponentStatus)
        raise Refused(f"A component has one of these states: {known}. No draft was written. Type: {_USAGE}.") from None
