"""Where an incident stands, in a dozen lines at most: for who takes command, or comes late. Pure, and always the same
for the same facts: no model writes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.domain.checklist import Entry
from app.domain.draft import PublicText
from app.domain.incident import Incident
from app.messages.message import Message, clip, escape, section
from app.messages.room import roles, slack_time

LINES_MAX = 12
_LINE_MAX = 230  # a dozen of them fit into one section
_NAMED_MAX = 8


def capsule(
    incident: Incident, entries: Sequence[Entry], last: PublicText | None, due: datetime | None, now: datetime
) -> Message:
    """``last``: what customers were told last; ``due``: when they, or the room, are to hear more."""
    open_items = [entry.item.name for entry in entries if not entry.done]
    late = [entry.item.name for entry in entries if entry.overdue(now)]
    lines = [
        f"*{incident.severity} · {_plain(incident.service)}* {_plain(incident.title)}",
        f"*State* {incident.status.value}, since {slack_time(incident.alert.at)}",
        f"*Impact* {_plain(incident.alert.summary) or 'not described by the alert'}",
        f"*Commander* {f'<@{incident.ic}>' if incident.ic else 'nobody'}",
        roles(incident),
        f"*Customers see* {_plain(incident.public.status) if incident.public else 'nothing published'}",
        f"*Last public text* {_plain(last.body)}" if last else "",
        _due(due, now),
        f"*Open* {', '.join(open_items) or 'nothing'}",
        f"*Overdue* {', '.join(late)}" if late else "",
        f"*Here* {_people(incident)}",
        f"*Missing* {_plain('; '.join(incident.missing))}" if incident.missing else "",
    ]
    said = "\n".join(line for line in lines if line)
    return Message(text=f"Incident {incident.id} in brief", blocks=(section(said),))


def _due(due: datetime | None, now: datetime) -> str:
    if due is None:
        return "*Next update* none is due"
    return f"*Next update* {'was due' if due <= now else 'by'} {slack_time(due)}"


def _people(incident: Incident) -> str:
    here = sorted(incident.seen, key=lambda one: (incident.seen[one], one))
    named = ", ".join(f"<@{one}>" for one in here[:_NAMED_MAX])
    more = f" and {len(here) - _NAMED_MAX} more" if len(here) > _NAMED_MAX else ""
    return f"{named}{more}" if here else "nobody gave a sign of life yet"


def _plain(text: str) -> str:
    """On one line, whatever was in it."""
    return clip(escape(" ".join(text.split())), _LINE_MAX - 30)
