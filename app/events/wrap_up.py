from __future__ import annotations

from pydantic import BaseModel

from app.flows.resolution import Resolution


class Body(BaseModel):
    incident_id: str
    scheduled_at: str = ""


async def handle(body: Body, resolution: Resolution) -> None:
    await resolution.wrap_up(body.incident_id)
