"""Names that are computed, never drawn: two deliveries of one event agree on them. Pure."""

from __future__ import annotations

import hashlib
import uuid


def issue_id(key: str) -> str:
    """An id for a Linear issue, the same for the same key. Linear wants the form of a UUID v4 (D9)."""
    return str(uuid.UUID(bytes=hashlib.sha256(key.encode()).digest()[:16], version=4))
