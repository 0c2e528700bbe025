"""The writer without a model: the same facts give the same words."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.audit import AuditEvent
from app.domain.draft import PublicStatus, PublicText
from app.domain.evidence import Evidence
from app.domain.incident import Incident
from app.messages.postmortem import postmortem
from app.messages.public_text import public_text


class PlainWriter:
    """A ``ports.Writer``."""

    async def public_text(
        self, incident: Incident, trail: Sequence[AuditEvent], ask: str, status: PublicStatus | None = None
    ) -> PublicText:
        return public_text(incident, trail, ask, status)

    async def postmortem(self, incident: Incident, trail: Sequence[AuditEvent], evidence: Evidence) -> str:
        return postmortem(incident, trail, evidence)
