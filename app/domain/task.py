"""Something that somebody should do, said during the incident and not lost after it. Pure."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from app.domain.slack_text import called

TEXT_MAX = 200
OPEN_MAX = 30  # more than that is no list any more, and would not fit into one message

_QUOTED = re.compile(r"""^["“”„«'](?P<text>.*?)["“”«»'](?=\s|$)""", re.DOTALL)
_MENTION = re.compile(r"<@(?P<id>[UW][A-Z0-9]+)(?:\|(?P<name>[^>]*))?>")


class Task(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    text: str
    owner: str  # Slack ids
    by: str
    at: datetime
    message_ts: str | None = None  # where it is shown in the room
    done_at: datetime | None = None
    done_by: str | None = None
    filed_as: str = ""  # the identifier of its issue, once it has one


def task_id(incident_id: str, cause: str) -> str:
    """From the gesture that asked for it, so that the same one delivered twice is one task.

    With a letter in front: digits alone would pass for an account number, and be removed from the trail (P-private).
    """
    return "t" + hashlib.sha256(f"{incident_id}\x1ftask\x1f{cause}".encode()).hexdigest()[:12]


def read(words: str) -> tuple[str, str | None]:
    """What is to be done, and the Slack id of who is to do it: ``"roll it back" @somebody``, with quotes or without.

    Whoever is named inside the quotes belongs to what is to be done. No word is lost, wherever it stands.
    """
    words = words.strip()
    before = _MENTION.match(words)
    rest = words[before.end() :].lstrip() if before else words
    quoted = _QUOTED.match(rest)
    said, behind = (quoted["text"], rest[quoted.end() :]) if quoted else ("", rest)
    named = [*([before] if before else []), *_MENTION.finditer(behind)]
    text = f"{_MENTION.sub(_name, said)} {_MENTION.sub('', behind)}"
    return " ".join(called(text).split()), named[-1]["id"] if named else None


def _name(mention: re.Match[str]) -> str:
    return f"@{mention['name'] or mention['id']}"
