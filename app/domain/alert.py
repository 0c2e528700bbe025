"""One alert, whoever sent it. Intake turns every payload shape into this; nothing behind intake knows the shapes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

DECLARED = "declared"  # the source of what a person saw before any alert did


class AlertEvent(StrEnum):
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    SILENCED = "silenced"
    UNSILENCED = "unsilenced"
    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"

    @property
    def order(self) -> int:
        """Of two events of one time, the greater came later: OnCall takes a state back with that state's own time."""
        return _ORDER.index(self)

    @property
    def state(self) -> State:
        """The alert group's, after this event."""
        return _STATES.get(self, State.FIRING)


class State(StrEnum):
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    RESOLVED = "resolved"


_SERVICE = ("service", "service_name", "app", "job", "alertname")
_ORDER = (
    AlertEvent.FIRING, AlertEvent.ACKNOWLEDGED, AlertEvent.UNACKNOWLEDGED, AlertEvent.SILENCED, AlertEvent.UNSILENCED,
    AlertEvent.RESOLVED, AlertEvent.UNRESOLVED,
)  # fmt: skip
_STATES = {
    AlertEvent.ACKNOWLEDGED: State.ACKNOWLEDGED,
    AlertEvent.SILENCED: State.SILENCED,
    AlertEvent.RESOLVED: State.RESOLVED,
}


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
    source: str = "oncall"  # oncall, oncall_templated, grafana_alerting, reconciler, declared

    @property
    def service(self) -> str:
        """What is broken, in the words of the labels; falls back on what every alert has."""
        return next((self.labels[key] for key in _SERVICE if self.labels.get(key)), "unknown service")

    @property
    def service_named(self) -> bool:
        return any(self.labels.get(key) for key in _SERVICE)

    @property
    def team(self) -> str | None:
        return self.labels.get("team") or self.team_name or self.team_id

    @property
    def key(self) -> str:
        """What makes the same event of the same alert group the same, however often it comes."""
        return f"{self.alert_group}|{self.event}|{self.at.isoformat()}"

    @property
    def drill(self) -> bool:
        """A rehearsal: it never reaches customers, whatever anyone approves (S9)."""
        return self.labels.get("drill", "").lower() in {"true", "1", "yes"}
