"""The parts of the service that the status page lists, and what a text does to them. Pure."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class ComponentStatus(StrEnum):
    """Statuspage: PATCH /pages/{page_id}/incidents/{incident_id}, ``components``."""

    OPERATIONAL = "operational"
    UNDER_MAINTENANCE = "under_maintenance"
    DEGRADED_PERFORMANCE = "degraded_performance"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"

    @property
    def words(self) -> str:
        return self.value.replace("_", " ")


class Component(BaseModel):
    """As the page lists it now."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    status: str

    def to(self, after: ComponentStatus) -> ComponentChange:
        return ComponentChange(id=self.id, name=self.name, before=self.status, after=after)


class ComponentChange(BaseModel):
    """``before``: what the page showed when the text was written."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    before: str
    after: ComponentStatus
