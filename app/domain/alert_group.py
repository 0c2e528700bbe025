"""An alert group inside an incident, as we last heard of it. Pure.

An incident holds one or more: those of the same service that fired close together are one incident.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from app.domain.alert import Alert, AlertEvent, State
from app.domain.severity import Severity

AT_MOST = 100  # of them in one incident: whatever their texts, its item stays below half of DynamoDB's 400 KB
_TITLE_MAX, _LINK_MAX = 120, 300


class AlertGroup(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    number: int  # what people call it by; never given twice in one incident
    title: str
    severity: Severity  # the worst that it was
    event: AlertEvent  # the last one that we heard of, and when that was
    at: datetime
    fired_at: datetime
    episode: int = 1  # which of the incidents that this group has been in
    link: str | None = None

    @classmethod
    def of(cls, alert: Alert, severity: Severity, *, number: int = 1, episode: int = 1) -> AlertGroup:
        return cls(
            id=alert.alert_group,
            number=number,
            title=alert.title if len(alert.title) <= _TITLE_MAX else alert.title[: _TITLE_MAX - 1] + "…",
            severity=severity,
            event=alert.event,
            at=alert.at,
            fired_at=alert.at,
            episode=episode,
            link=alert.link if alert.link and len(alert.link) <= _LINK_MAX else None,
        )

    @property
    def state(self) -> State:
        return self.event.state

    @property
    def over(self) -> bool:
        return self.state is State.RESOLVED

    def older_than(self, alert: Alert) -> bool:
        """Whether that is news. What comes late, or once more, is not (D2): without a time of its own, an event that
        says what the last one said is that one."""
        if alert.at_is_arrival and alert.event is self.event:
            return False
        return (self.at, self.event.order) < (alert.at, alert.event.order)

    def newer_than(self, alert: Alert) -> bool:
        return (self.at, self.event.order) > (alert.at, alert.event.order)

    def hearing(self, alert: Alert, severity: Severity | None = None) -> AlertGroup:
        news = {"event": alert.event, "at": alert.at} if self.older_than(alert) else {}
        return self.model_copy(update={**news, "severity": min(self.severity, severity or self.severity)})
