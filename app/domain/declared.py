"""``declare "title" --service s --severity p``: an incident in a person's words. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from app.domain.alert import DECLARED, Alert, AlertEvent
from app.domain.slack_text import unquoted
from app.errors import Refused

USAGE = '`/incident-response declare "what is wrong" --service checkout --severity P1`'
TITLE_MAX, VALUE_MAX = 200, 100

_OPTION = re.compile(
    r"(?:^|\s)(?:--|—)(?P<name>[\w-]+)(?:[ =](?P<value>\"[^\"]*\"|[^\s\"]+))?"
)  # phones write — for --
_QUOTES = str.maketrans(dict.fromkeys("“”„«»", '"'))


class Declared(BaseModel):
    model_config = ConfigDict(frozen=True)

    title: str
    service: str | None = None
    severity: str | None = None  # as it was typed

    def alert(self, cause: str, at: datetime, severity: Mapping[str, str]) -> Alert:
        """The alert that no monitoring sent. The same ``cause``, a gesture, is the same alert group. ``severity``: as
        labels that the policy understands."""
        return Alert(
            alert_group=f"{DECLARED}-{hashlib.sha256(cause.encode()).hexdigest()[:24]}",
            event=AlertEvent.FIRING,
            at=at,
            title=self.title,
            labels={**severity, **({"service": self.service} if self.service else {})},
            source=DECLARED,
        )


def read(words: str) -> Declared:
    """Raises ``Refused`` with the way to say it."""
    words = words.translate(_QUOTES)
    options: dict[str, str] = {}
    for found in _OPTION.finditer(words):
        name, value = found["name"].lower(), (found["value"] or "").strip('"').strip()
        if name not in ("service", "severity"):
            raise Refused(f"There is no `--{name}`. Say it like this: {USAGE}.")
        if not value or len(value) > VALUE_MAX:
            raise Refused(f"`--{name}` needs a word behind it, of at most {VALUE_MAX} characters. Like this: {USAGE}.")
        options[name] = value
    title = unquoted(" ".join(_OPTION.sub(" ", words).split()))
    if not title:
        raise Refused(f"Say what is wrong, in a few words: {USAGE}.")
    if len(title) > TITLE_MAX:
        raise Refused(f"That title has {len(title)} characters; {TITLE_MAX} are enough. Say the rest in the room.")
    return Declared(title=title, **options)
