from __future__ import annotations

from pydantic import BaseModel

from app.errors import VendorError
from app.flows.archive import Archive


class Body(BaseModel):
    incident_id: str
    scheduled_at: str = ""


async def handle(body: Body, archive: Archive) -> None:
    try:
        await archive.close(body.incident_id)
    except VendorError:  # its schedule fired once and is gone: without another the room would stay for ever
        await archive.come_back(body.incident_id)
        raise
