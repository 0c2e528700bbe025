"""Who took part, as what, and since when: the postmortem's section, and the names in all the others. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.audit import AuditEvent, AuditType
from app.domain.incident import Incident
from app.domain.people import SYSTEM
from app.messages.markdown import plain, time

_COMMAND = {AuditType.IC_ASSIGNED, AuditType.COMMAND_VACANT}


def people(incident: Incident, trail: Sequence[AuditEvent]) -> list[str]:
    took_part = [
        f"- {plain(responder.name)} (found by: {plain(responder.source.replace('_', ' '))})"
        + _presence(incident, responder.slack_id)
        for responder in incident.responders
    ]
    known = {responder.slack_id for responder in incident.responders}
    took_part += [f"- {who(incident, one)} (came by themselves)" + _presence(incident, one)
                  for one in incident.seen if one not in known]  # fmt: skip
    return [*_commanders(incident, trail), *_roles(incident, trail)] + (
        took_part or ["- Responders: none were invited; the timeline says why."]
    )


def who(incident: Incident, actor: str | None) -> str:
    """By name where the room knows it; never a guess."""
    if not actor or actor == SYSTEM:
        return "the system"
    slack_id = actor.removeprefix("slack:")
    return plain(name_of(incident, slack_id) or f"Slack user {slack_id}")


def name_of(incident: Incident, slack_id: str) -> str | None:
    return next((responder.name for responder in incident.responders if responder.slack_id == slack_id), None)


def _commanders(incident: Incident, trail: Sequence[AuditEvent]) -> list[str]:
    lines = [
        f"- Incident commander from {time(event.at)}: {_commander(incident, event)} (event {event.seq})"
        for event in trail
        if event.type in _COMMAND
    ]
    if not lines and incident.ic:
        return [f"- Incident commander: {who(incident, incident.ic)}"]
    return lines or ["- Incident commander: nobody took it"]


def _commander(incident: Incident, event: AuditEvent) -> str:
    why = plain(str(event.details.get("why") or ""))
    name = who(incident, str(event.details["ic"])) if event.details.get("ic") else "nobody"
    return f"{name}, {why}" if why else name


def _roles(incident: Incident, trail: Sequence[AuditEvent]) -> list[str]:
    return [
        f"- {plain(str(event.details.get('role', 'role')).capitalize())} from {time(event.at)}: "
        f"{who(incident, str(event.details['slack_id'])) if event.details.get('slack_id') else 'nobody'} "
        f"(event {event.seq})"
        for event in trail
        if event.type is AuditType.ROLE_ASSIGNED
    ]


def _presence(incident: Incident, slack_id: str) -> str:
    """An invitation makes somebody a member of the room; a sign of life shows that they are there."""
    if at := incident.seen.get(slack_id):
        return f", there since {time(at)}"
    return ", never gave a sign of life in the room"
