"""Where the door leads to: which page, with whose key. Holding one publishes nothing; only the door can use it."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.outbound import Transport


@dataclass(frozen=True)
class PublishTarget:
    api_url: str
    api_key: str = field(repr=False)
    page_id: str
    transport: Transport | None = None  # another way to the same place: a simulation's
