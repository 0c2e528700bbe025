"""What a deployment decides about its incidents. Filled from settings in the wiring; handed to whoever asks by type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from app.domain import severity as severities
from app.domain.severity import Severity


@dataclass(frozen=True)
class Rule:
    """What one severity means here."""

    opens_room: bool
    update_every: timedelta = timedelta(minutes=15)  # the IC is reminded when nobody has spoken for so long


RULES: Mapping[Severity, Rule] = {severity: Rule(opens_room=severity is Severity.P1) for severity in Severity}


class Together(StrEnum):
    """What alerts must have in common to be one incident."""

    SERVICE = "service"
    TEAM = "team"
    NONE = "none"


@dataclass(frozen=True)
class Policy:
    default_severity: Severity = Severity.P1
    severity_labels: Sequence[str] = severities.LABELS
    severity_words: Mapping[str, str] = field(default_factory=lambda: severities.WORDS)
    together: Together = Together.SERVICE
    together_within: timedelta = timedelta(minutes=60)  # of the incident's first or latest alert
    reopen_within: timedelta = timedelta(minutes=10)  # of the resolution, an alert that fires again re-opens it
    auto_resolve_after: timedelta = timedelta(minutes=15)  # of the end of its last alert, if nobody says otherwise
    rules: Mapping[Severity, Rule] = field(default_factory=lambda: RULES)
    nudge_gap: timedelta = timedelta(minutes=5)  # nobody is reminded twice within it
    answer_within: timedelta = timedelta(minutes=30)  # after a reminder that nobody answered, somebody else is told
    nudge_horizon: timedelta = timedelta(days=7)  # a schedule ends, whatever happens to us (T3)
    archive_delay: timedelta = timedelta(days=1)
    rating_follow_up: timedelta = timedelta(hours=24)  # from the resolution, like the next two
    rating_skipped: timedelta = timedelta(hours=48)
    postmortem_sla: timedelta = timedelta(hours=48)  # by then somebody has reviewed it
    manager_channel: str | None = None  # hears of a postmortem that nobody has
    four_eyes: bool = False
    approval_expires: timedelta = timedelta(minutes=30)  # what was true when it was written may be so no more
    approver_group: str | None = None  # Slack user group whose members may approve beside the commander
    here_within: timedelta = timedelta(minutes=3)  # with nobody here by then, somebody outside the room is told
    command_within: timedelta = timedelta(minutes=5)  # the same, with nobody who took command
    tell_next_after: timedelta = timedelta(minutes=2)  # and then the next one
    fallback_channel: str | None = None

    def opens_room(self, severity: Severity) -> bool:
        return self.rules[severity].opens_room

    def update_every(self, severity: Severity) -> timedelta:
        return self.rules[severity].update_every

    def severity_of(self, labels: Mapping[str, str]) -> Severity:
        return severities.of_labels(
            labels, self.default_severity, names=self.severity_labels, words=self.severity_words
        )

    def labels_of(self, said: str) -> dict[str, str]:
        """Of an alert as bad as a person says. Raises ``Refused`` with the words that there are."""
        meant = severities.word(said, self.severity_words)
        return severities.labels_of(meant, names=self.severity_labels, words=self.severity_words)

    @property
    def grace(self) -> timedelta:
        """A room may be archived after its delay, and takes nobody back then."""
        return min(self.reopen_within, self.archive_delay)
