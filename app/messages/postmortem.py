"""The postmortem without a model: from the audit trail alone. Pure, and the same for the same facts.

Nothing is said here that is not in the incident, in its trail, or in the words of a person. What only people can know
is left open under its heading; what is empty says why (S6).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from app.domain.audit import AuditEvent, AuditType
from app.domain.incident import Incident
from app.domain.people import SYSTEM
from app.domain.readings import Outcome, Reading
from app.messages.message import cut

DETAIL_MAX = 160
OPEN = "_To be filled in by the team._"

# Details that other sections show, or that mean nothing outside our own tables.
_NOT_IN_TIMELINE = frozenset(
    {
        "alert_group",
        "attempts",
        "body",
        "channel_id",
        "characters",
        "claim",
        "draft_id",
        "effect_id",
        "episode",
        "fired_at",
        "found_by_reading",
        "issue_id",
        "message_ts",
        "resumed",
        "schedule",
        "scheduled_at",
        "sha256",
        "statuspage_id",
        "ts",
        "was_there",
        "wire",
    }
)
_PERSON = frozenset({"ic", "slack_id", "before", "who"})  # details that name somebody by their Slack id


def postmortem(incident: Incident, trail: Sequence[AuditEvent], commits: Reading, *, summary: str = "") -> str:
    """Markdown. ``summary``: somebody's phrasing of the facts; "" for the plain one."""
    sections = (
        ("Summary", [plain(summary) if summary else _summary(incident)]),
        ("Impact and duration", _impact(incident)),
        ("Timeline", _timeline(incident, trail)),
        ("People and roles", _people(incident)),
        ("Public updates", _public_updates(incident, trail)),
        ("What changed", _changes(commits)),
        ("Root cause", [OPEN]),
        ("What went well, what did not", [OPEN]),
        ("Action items", [OPEN]),
    )
    title = f"# Postmortem: {plain(incident.title)}"
    return "\n\n".join([title, *(f"## {name}\n\n" + "\n".join(lines) for name, lines in sections)]) + "\n"


def _summary(incident: Incident) -> str:
    end = f"was resolved after {_duration(incident)}" if incident.resolved_at else "is not resolved"
    drill = "This was a drill. " if incident.drill else ""
    return (
        f"{drill}{incident.severity} incident {plain(incident.id)} on {plain(incident.service)} began at "
        f"{_time(incident.alert.at)} with the alert “{plain(incident.alert.title)}” and {end}."
    )


def _impact(incident: Incident) -> list[str]:
    ended = _time(incident.resolved_at) if incident.resolved_at else "not resolved"
    return [
        f"- Began: {_time(incident.alert.at)} (the alert's own time)",
        f"- Ended: {ended}" + (f", by {_who(incident, incident.resolved_by)}" if incident.resolved_by else ""),
        f"- Duration: {_duration(incident)}",
        f"- Customers affected, and how: {OPEN}",
    ]


def _timeline(incident: Incident, trail: Sequence[AuditEvent]) -> list[str]:
    if not trail:
        return ["Empty: the audit trail of this incident has no events."]
    return [*(_line(incident, event) for event in trail), "", "The numbers are those of the audit trail."]


def _line(incident: Incident, event: AuditEvent) -> str:
    what = f"{_words(event.type)}, by {_who(incident, event.actor)}"
    return f"- {_time(event.at)} · {what}{_details(incident, event)} (event {event.seq})"


def _details(incident: Incident, event: AuditEvent) -> str:
    def told(name: str, value: object) -> str:
        known = _name_of(incident, value) if name in _PERSON and isinstance(value, str) else None
        return plain(cut(known or _flat(value), DETAIL_MAX))

    shown = [
        f"{plain(name.replace('_', ' '))}: {told(name, value)}"
        for name, value in event.details.items()
        if name not in _NOT_IN_TIMELINE and value not in (None, "", [], {})
    ]
    return f" — {'; '.join(shown)}" if shown else ""


def _people(incident: Incident) -> list[str]:
    ic = (
        f"- Incident commander: {_who(incident, incident.ic)}"
        if incident.ic
        else "- Incident commander: nobody took it"
    )
    if not incident.responders:
        return [ic, "- Responders: none were invited; the timeline says why."]
    return [ic] + [
        f"- {plain(responder.name)} (found by: {plain(responder.source.replace('_', ' '))})"
        for responder in incident.responders
    ]


def _public_updates(incident: Incident, trail: Sequence[AuditEvent]) -> list[str]:
    drafts = {e.details.get("draft_id"): e for e in trail if e.type is AuditType.STATUSPAGE_DRAFT_CREATED}
    approvals = {e.details.get("draft_id"): e for e in trail if e.type is AuditType.STATUSPAGE_DRAFT_APPROVED}
    lines: list[str] = []
    for event in trail:
        if event.type is not AuditType.STATUSPAGE_PUBLISHED:
            continue
        draft, approval = (found.get(event.details.get("draft_id")) for found in (drafts, approvals))
        text = plain(_flat(draft.details.get("body", ""))) if draft else "the text is not in the trail"
        approver = f"{_who(incident, approval.actor)} (event {approval.seq})" if approval else "not in the trail"
        digest = plain(_flat(event.details.get("sha256", "not recorded")))
        lines += [
            f"- {_time(event.at)} · {plain(_flat(event.details.get('status', '')))}: {text} (event {event.seq})",
            f"  - Approved by {approver}; SHA-256 of what was sent: {digest}",
        ]
    if lines:
        return lines
    if drafts:
        return [f"None: {len(drafts)} written, none published."]
    return ["None: nobody asked for one."]


def _changes(commits: Reading) -> list[str]:
    link = [f"Look further: <{commits.link}>"] if commits.link and _LINK.fullmatch(commits.link) else []
    if commits.outcome is Outcome.FAILED:
        return [f"Not known: reading it failed ({plain(commits.why)}).", *link]
    if commits.outcome is Outcome.NO_DATA:
        return ["None: no commits were found in the time before the incident.", *link]
    old = [f"Not fresh: true at {_time(commits.at)}."] if commits.outcome is Outcome.STALE and commits.at else []
    return [*old, *(f"- {plain(line)}" for line in commits.text.splitlines() if line.strip()), *link]


# ---------------------------------------------------------------- words

_LINK = re.compile(r"https?://[^\s<>()\[\]]+")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00")
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~]|^[-=])")


def plain(text: str) -> str:
    """On one line, and nothing in it is Markdown or HTML any more."""
    line = " ".join(text.split())
    return _MARKUP.sub(r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def _who(incident: Incident, actor: str | None) -> str:
    """By name where the room knows it; never a guess."""
    if not actor or actor == SYSTEM:
        return "the system"
    slack_id = actor.removeprefix("slack:")
    return plain(_name_of(incident, slack_id) or f"Slack user {slack_id}")


def _name_of(incident: Incident, slack_id: str) -> str | None:
    return next((responder.name for responder in incident.responders if responder.slack_id == slack_id), None)


def _words(type_: AuditType) -> str:
    return type_.replace("_", " ").capitalize().replace("Ic ", "Incident commander ")


def _flat(value: object) -> str:
    if isinstance(value, str) and _ISO.fullmatch(value):
        return _time(datetime.fromisoformat(value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_flat(inner)}" for name, inner in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(_flat(inner) for inner in value)
    return str(value)


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _duration(incident: Incident) -> str:
    if incident.resolved_at is None:
        return "still open"
    minutes, seconds = divmod(max(incident.resolved_at - incident.alert.at, timedelta()) // timedelta(seconds=1), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min"), (seconds, "s")) if count]
    return " ".join(parts) or "less than a second"
