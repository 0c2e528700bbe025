"""Names that are computed, never drawn: two deliveries of one event agree on them. Pure."""

from __future__ import annotations

import hashlib
import uuid
from base64 import b32encode
from datetime import UTC, datetime


def issue_id(key: str) -> str:
    """An id for a Linear issue, the same for the same key. Linear wants the form of a UUID v4 (D9)."""
    return str(uuid.UUID(bytes=hashlib.sha256(key.encode()).digest()[:16], version=4))


def incident_id(alert_group: str, episode: int, fired_at: datetime) -> str:
    """Deterministic, so that two deliveries of one alert agree on it before either has written anything. ``fired_at``:
    the alert's own time, since episodes are counted only for as long as we remember the one before, which is a year."""
    name = f"{alert_group}\x1f{episode}\x1f{fired_at.astimezone(UTC).isoformat()}"
    digest = hashlib.sha256(name.encode()).digest()
    return b32encode(digest)[:10].decode().lower()
