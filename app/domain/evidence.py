"""What a postmortem shows beside the trail. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.readings import Reading


@dataclass(frozen=True)
class Evidence:
    """``at_alert``: what the room was shown when it was made; None: it was shown nothing. ``room``: its address."""

    commits: Reading
    at_alert: Sequence[Reading] | None = None
    room: str = ""
