from __future__ import annotations

from pydantic import BaseModel

from app.flows.archive import Archive


class Body(BaseModel):
    incident_id: str
    scheduled_at: str = ""


async def handle(body: Body, archive: Archive) -> None:
    await archive.close(body.incident_id)
