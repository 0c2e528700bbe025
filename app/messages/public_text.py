"""What customers read, without a model: the commander's words, or a sentence that is true of any incident. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.audit import AuditEvent, AuditType
from app.domain.draft import BODY_MAX, PublicStatus, PublicText
from app.domain.incident import Incident, Status
from app.domain.redaction import redact
from app.messages.message import cut

TITLE = "Service disruption"

_GENERIC = {
    PublicStatus.INVESTIGATING: "We are investigating a problem with our service. Some customers may be affected. "
    "We will post an update here when we know more.",
    PublicStatus.IDENTIFIED: "We have found the cause of the problem with our service and are working on a fix. "
    "We will post an update here when there is progress.",
    PublicStatus.MONITORING: "We have taken action against the problem with our service and are watching its effect. "
    "We will post an update here when we are sure that it is over.",
    PublicStatus.RESOLVED: "The problem with our service is resolved. We are sorry for the disruption.",
}


def public_text(
    incident: Incident, trail: Sequence[AuditEvent], ask: str, status: PublicStatus | None = None
) -> PublicText:
    """``ask``: what the incident commander wants to say; "" for a sentence that is true of any incident."""
    status = status or public_status(incident)
    said = redact(ask.strip())
    return PublicText(title=_public_title(trail), status=status, body=cut(said or _GENERIC[status], BODY_MAX))


def public_status(incident: Incident) -> PublicStatus:
    """What follows from how it stands, and otherwise what customers read already: a step onwards is a person's word."""
    if incident.status is Status.RESOLVED:
        return PublicStatus.RESOLVED
    if incident.status is Status.MITIGATED:
        return PublicStatus.MONITORING
    if incident.public and incident.public.status == PublicStatus.IDENTIFIED:
        return PublicStatus.IDENTIFIED
    if incident.public and incident.public.status == PublicStatus.MONITORING:
        return PublicStatus.MONITORING
    return PublicStatus.INVESTIGATING


def _public_title(trail: Sequence[AuditEvent]) -> str:
    """A public incident keeps the name it was published under."""
    titles = {
        e.details.get("draft_id"): e.details.get("title") for e in trail if e.type is AuditType.STATUSPAGE_DRAFT_CREATED
    }
    published = [titles.get(e.details.get("draft_id")) for e in trail if e.type is AuditType.STATUSPAGE_PUBLISHED]
    return next((str(title) for title in reversed(published) if title), TITLE)
