"""What happened, in the order in which it did: the postmortem's timeline, its alerts, and what people said. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from app.domain.audit import AuditEvent, AuditType
from app.domain.incident import Incident
from app.messages.markdown import link, plain, time
from app.messages.message import cut
from app.messages.postmortem_people import name_of, who

DETAIL_MAX = 160
SAID_MAX = 1_000

# Details that other sections show, or that mean nothing outside our own tables.
_NOT_IN_TIMELINE = frozenset(
    {
        "alert_group",
        "assigned",
        "attempts",
        "body",
        "channel_id",
        "characters",
        "claim",
        "components",
        "draft_id",
        "effect_id",
        "episode",
        "fired_at",
        "found_by_reading",
        "how",
        "id",
        "issue_id",
        "message_ts",
        "permalink",
        "resumed",
        "schedule",
        "scheduled_at",
        "sha256",
        "statuspage_id",
        "task",
        "ts",
        "was_there",
        "wire",
    }
)
# Details that name somebody by their Slack id.
_PERSON = frozenset({"author", "before", "ic", "owner", "slack_id", "to", "told", "who"})
_LABELS = {"slack_id": "who", "ic": "incident commander"}
_SAID = {AuditType.STATUS_UPDATE: "Update", AuditType.TIMELINE_NOTE: "Note"}
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00")
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
_TS = re.compile(r"\d{10}\.\d{6}")


def timeline(incident: Incident, trail: Sequence[AuditEvent], room: str) -> list[str]:
    if not trail:
        return ["Empty: the audit trail of this incident has no events."]
    lines = [_line(incident, event, room) for event in trail]
    where = f", the links lead into the room: {link(room)}" if link(room) else ""
    return [*lines, "", f"The numbers are those of the audit trail{where}."]


def alerts(incident: Incident) -> list[str]:
    lines = [
        f"- {group.number}. {group.severity} “{plain(group.title)}”, fired at {time(group.fired_at)}, "
        f"last heard of as {group.event.value} at {time(group.at)} {link(group.link)}".rstrip()
        for group in incident.groups
    ]
    left = incident.alert_count - len(lines)
    return lines + ([f"- {left} more joined and were taken out again; the timeline says when."] if left > 0 else [])


def said(incident: Incident, trail: Sequence[AuditEvent], room: str) -> list[str]:
    """What people told each other and put on the record. Corrections stand beside what they correct."""
    lines = [_quote(incident, event, room) for event in trail if event.type in _SAID]
    return lines or ["None: nobody posted an update, and nothing was pinned or noted."]


def flat(value: object) -> str:
    if isinstance(value, str) and _ISO.fullmatch(value):
        return time(datetime.fromisoformat(value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {flat(inner)}" for name, inner in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(flat(inner) for inner in value)
    return str(value)


def words(type_: AuditType) -> str:
    return type_.replace("_", " ").capitalize().replace("Ic ", "Incident commander ")


def _line(incident: Incident, event: AuditEvent, room: str) -> str:
    what = f"{words(event.type)}, by {who(incident, event.actor)}"
    return f"- {time(event.at)} · {what}{_details(incident, event)} ({_source(event, room)})"


def _quote(incident: Incident, event: AuditEvent, room: str) -> str:
    author = who(incident, str(event.details.get("author") or event.actor))
    text = plain(cut(flat(event.details.get("text", "")), SAID_MAX)) or "its words could not be read"
    kind = "Correction" if event.details.get("how") == "edit" else _SAID[event.type]
    return f"- {time(event.at)} · {kind} by {author}: {text} ({_source(event, room)})"


def _source(event: AuditEvent, room: str) -> str:
    """The event's number, and the message in the room if there is one."""
    ts = str(event.details.get("ts") or "")
    message = str(event.details.get("permalink") or "")
    if not message and room and _TS.fullmatch(ts):
        message = f"{room}/p{ts.replace('.', '')}"
    return ", ".join(filter(None, [f"event {event.seq}", link(message)]))


def _details(incident: Incident, event: AuditEvent) -> str:
    def told(name: str, value: object) -> str:
        if name in _PERSON:
            value = [_person(incident, one) for one in (value if isinstance(value, list) else [value])]
        named = _MENTION.sub(lambda it: str(_person(incident, it[1])), flat(value))
        return plain(cut(named, DETAIL_MAX))

    shown = [
        f"{plain(_LABELS.get(name, name).replace('_', ' '))}: {told(name, value)}"
        for name, value in event.details.items()
        if name not in _NOT_IN_TIMELINE and value not in (None, "", [], {})
    ]
    return f" — {'; '.join(shown)}" if shown else ""


def _person(incident: Incident, value: object) -> object:
    return (name_of(incident, value) or value) if isinstance(value, str) else value
