"""One alert, whoever sent it. Intake turns every payload shape into this; nothing behind intake knows the shapes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class AlertEvent(StrEnum):
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    SILENCED = "silenced"
    UNSILENCED = "unsilenced"
    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"


class Alert(BaseModel):
    """``at`` is when the alert itself says that it happened, not when we heard of it (S8)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    alert_group: str = Field(min_length=1, max_length=256)
    event: AlertEvent
    at: datetime
    at_is_arrival: bool = False  # the sender gave no time, so ``at`` is when we heard after all
    title: str
    labels: dict[str, str] = {}
    summary: str = ""
    integration_id: str | None = None
    route_id: str | None = None
    team_id: str | None = None
    team_name: str | None = None
    link: str | None = None  # where a person looks at it: the alert group's page
    source: str = "oncall"  # oncall, oncall_templated, grafana_alerting, reconciler

    @property
    def service(self) -> str:
        """What is broken, in the words of the labels; falls back on what every alert has."""
        for key in ("service", "service_name", "app", "job", "alertname"):
            if self.labels.get(key):
                return self.labels[key]
        return "unknown service"

    @property
    def team(self) -> str | None:
        return self.labels.get("team") or self.team_name or self.team_id

    @property
    def drill(self) -> bool:
        """A rehearsal: it never reaches customers, whatever anyone approves (S9)."""
        return self.labels.get("drill", "").lower() in {"true", "1", "yes"}
