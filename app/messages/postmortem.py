"""The postmortem without a model: from the audit trail alone. Pure, and the same for the same facts.

Nothing is said here that is not in the incident, in its trail, or in the words of a person. What only people can know
is left open under its heading; what is empty says why (S6).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.domain.audit import AuditEvent, AuditType
from app.domain.draft import PublicStatus
from app.domain.evidence import Evidence
from app.domain.fact_check import Checked
from app.domain.incident import Incident
from app.messages import postmortem_evidence as evidences
from app.messages import postmortem_people as people
from app.messages import postmortem_trail as trails
from app.messages.markdown import duration, fitting, plain, time

OPEN = "_To be filled in by the team._"
# Bytes of JSON: all sections together fit into one item of our store, 400 KB.
TIMELINE_MAX, SECTION_MAX = 90_000, 20_000


def postmortem(
    incident: Incident, trail: Sequence[AuditEvent], evidence: Evidence, *, summary: Checked | None = None
) -> str:
    """Markdown. ``summary``: a model's phrasing of the facts, as far as it has sources; None for the plain one."""
    sections = (
        ("Summary", [_summary(incident), *(_phrased(summary) if summary else ())]),
        ("Impact and duration", _impact(incident, trail)),
        ("Alerts", trails.alerts(incident)),
        ("Timeline", trails.timeline(incident, trail, evidence.room)),
        ("People and roles", people.people(incident, trail)),
        ("Public updates", evidences.public_updates(incident, trail)),
        ("Updates inside, and notes", trails.said(incident, trail, evidence.room)),
        ("What was known at the alert", evidences.known(evidence.at_alert)),
        ("What changed", evidences.changes(evidence.commits)),
        ("Checklist and tasks", evidences.checklist(incident, trail)),
        ("Root cause", [OPEN]),
        ("What went well, what did not", [OPEN]),
        ("Action items", [OPEN]),
    )
    title = f"# Postmortem: {plain(incident.title)}"
    bounded = ((name, fitting(lines, TIMELINE_MAX if name == "Timeline" else SECTION_MAX)) for name, lines in sections)
    return "\n\n".join([title, *(f"## {name}\n\n" + "\n".join(lines) for name, lines in bounded)]) + "\n"


def _summary(incident: Incident) -> str:
    end = f"was resolved after {_lasted(incident, incident.resolved_at)}" if incident.resolved_at else "is not resolved"
    drill = "This was a drill. " if incident.drill else ""
    return (
        f"{drill}{incident.severity} incident {plain(incident.id)} on {plain(incident.service)} began at "
        f"{time(incident.alert.at)} with the alert “{plain(incident.alert.title)}” and {end}."
    )


def _phrased(summary: Checked) -> list[str]:
    """Whose words these are is said, and how many of them were not believed."""
    lines = ["", f"In the words of a model: {plain(summary.text)}"]
    if summary.dropped:
        whys = sorted({one.why.partition(":")[0] for one in summary.dropped})
        lines += ["", f"_Left out of its words: {len(summary.dropped)} with a {plain(', a '.join(whys))}._"]
    return lines


def _impact(incident: Incident, trail: Sequence[AuditEvent]) -> list[str]:
    by = f", by {people.who(incident, incident.resolved_by)}" if incident.resolved_by else ""
    return [
        f"- Began: {time(incident.alert.at)} ({_source_of_beginning(incident)})",
        f"- Mitigated: {_reached(incident, incident.mitigated_at, 'nobody declared it')}",
        f"- Resolved: {_reached(incident, incident.resolved_at, 'not yet')}{by}",
        f"- Duration: {_lasted(incident, incident.resolved_at) if incident.resolved_at else 'still open'}",
        f"- Re-opened: {f'{incident.reopened} times' if incident.reopened else 'never'}",
        f"- What customers could read: {_public(trail)}",
        f"- Customers affected, and how: {OPEN}",
    ]


def _source_of_beginning(incident: Incident) -> str:
    if incident.declared_by:
        return f"declared by {people.who(incident, incident.declared_by)}"
    return "when it reached us: the alert gave no time" if incident.alert.at_is_arrival else "the alert's own time"


def _reached(incident: Incident, at: datetime | None, not_reached: str) -> str:
    return f"{time(at)}, after {_lasted(incident, at)}" if at else not_reached


def _lasted(incident: Incident, until: datetime | None) -> str:
    return duration(incident.alert.at, until) if until else ""


def _public(trail: Sequence[AuditEvent]) -> str:
    """From the first text on the status page to the one that said that it is over; again, if it was opened again."""
    told = [event for event in trail if event.type in {AuditType.STATUSPAGE_PUBLISHED, AuditType.PUBLIC_INCIDENT_GONE}]
    if not told:
        return "nothing was published."
    spans: list[tuple[datetime, datetime | None]] = []
    for event in told:
        gone = event.type is AuditType.PUBLIC_INCIDENT_GONE
        over = event.at if gone or event.details.get("status") == PublicStatus.RESOLVED else None
        if spans and spans[-1][1] is None:
            spans[-1] = (spans[-1][0], over)
        elif over is None or not spans:
            spans.append((event.at, over))
    return f"a public incident {', and again '.join(_span(*span) for span in spans)}"


def _span(first: datetime, over: datetime | None) -> str:
    began = f"from {time(first)}"
    return f"{began} to {time(over)} ({duration(first, over)})" if over else f"{began}, not resolved there when written"
