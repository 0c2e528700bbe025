"""What came too late to change anything, and is recorded all the same (D2)."""

from __future__ import annotations

from app import ledger
from app.domain.alert import Alert
from app.domain.audit import AuditType, Fact
from app.domain.incident import Incident
from app.domain.people import SYSTEM
from app.ledger import Decision
from app.ports import Store


async def ignore(store: Store, incident: Incident, alert: Alert) -> None:
    details = {"event": alert.event.value, "at": alert.at.isoformat(), "source": alert.source}
    fact = Fact(type=AuditType.STALE_EVENT_IGNORED, actor=SYSTEM, details=details)
    await ledger.amend(store, incident.id, lambda fresh: Decision(fresh, [fact]))
