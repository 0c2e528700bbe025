"""What a deployment decides about its incidents. Filled from settings in the wiring; handed to whoever asks by type."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.domain.severity import Severity


@dataclass(frozen=True)
class Policy:
    default_severity: Severity = Severity.P1
    nudge_interval: timedelta = timedelta(minutes=15)
    nudge_horizon: timedelta = timedelta(days=7)  # a schedule ends, whatever happens to us (T3)
    archive_delay: timedelta = timedelta(days=1)
    four_eyes: bool = False
    fallback_channel: str | None = None
