"""The private answer to ``/incident-response status``."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.draft import Draft
from app.domain.incident import Incident
from app.messages import alerts
from app.messages.message import Message, escape, header, link, listing, section
from app.messages.room import slack_time


def card(incident: Incident, drafts: Sequence[Draft], *, reminding: bool) -> Message:
    latest = drafts[-1] if drafts else None
    public = "nothing published"
    if incident.public:
        seen = incident.public.status
        public = link(incident.public.url, seen) if incident.public.url else escape(seen)
    last = slack_time(incident.last_update_at) if incident.last_update_at else "none yet"
    lines = [
        f"*State* {incident.status.value}",
        f"*Severity* {incident.severity} · *Service* {escape(incident.service)}",
        f"*Incident commander* {f'<@{incident.ic}>' if incident.ic else 'nobody: press *Take command*'}",
        f"*Fired* {slack_time(incident.alert.at)}",
        f"*Customers see* {public} · last update {last}",
        f"*Latest draft* {f'{latest.state.value} ({latest.text.status.value})' if latest else 'none'}",
        f"*Reminders* {'on' if reminding else 'off'}{_snoozed(incident) if reminding else ''}",
    ]
    if incident.promised_update_at:
        lines.append(f"*Promised to customers* more by {slack_time(incident.promised_update_at)}")
    if incident.resolve_at:
        lines.append(f"*Resolves by itself* {slack_time(incident.resolve_at)}, its last alert having ended")
    if incident.resolved_at:
        lines.append(f"*Resolved* {slack_time(incident.resolved_at)}")
    if incident.postmortem:
        lines.append(f"*Postmortem* {link(incident.postmortem.url, incident.postmortem.identifier)}")
    lines += [f":warning: {escape(missing)}" for missing in incident.missing]
    title = header(f"{incident.severity}: {incident.title}")
    blocks = (title, section(listing("", lines)), section(alerts.listed(incident)))
    return Message(text=f"Incident {incident.id}: {incident.status.value}", blocks=blocks)


def _snoozed(incident: Incident) -> str:
    until = incident.reminders.snoozed_until
    return f" · snoozed, not before {slack_time(until)}" if until else ""
