"""What a deployment decides about its incidents. Filled from settings in the wiring; handed to whoever asks by type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from app.domain.severity import Severity


@dataclass(frozen=True)
class Rule:
    """What one severity means here."""

    opens_room: bool
    update_every: timedelta = timedelta(minutes=15)  # the IC is reminded when nobody has spoken for so long


RULES: Mapping[Severity, Rule] = {severity: Rule(opens_room=severity is Severity.P1) for severity in Severity}


@dataclass(frozen=True)
class Policy:
    default_severity: Severity = Severity.P1
    rules: Mapping[Severity, Rule] = field(default_factory=lambda: RULES)
    nudge_horizon: timedelta = timedelta(days=7)  # a schedule ends, whatever happens to us (T3)
    archive_delay: timedelta = timedelta(days=1)
    four_eyes: bool = False
    fallback_channel: str | None = None

    def opens_room(self, severity: Severity) -> bool:
        return self.rules[severity].opens_room

    def update_every(self, severity: Severity) -> timedelta:
        return self.rules[severity].update_every
