"""When an incident owes somebody an update: when to remind, and when a reminder counts as unanswered. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict


class Unanswered(BaseModel):
    """The first reminder that nobody has answered yet."""

    model_config = ConfigDict(frozen=True)

    since: datetime
    ic: str | None  # who was reminded; what one commander leaves open is not held against the next
    escalated: bool = False  # somebody else was told


class Reminders(BaseModel):
    """What became of an incident's reminders. Whether they are off altogether is the incident's ``nudges_silenced``."""

    model_config = ConfigDict(frozen=True)

    snoozed_until: datetime | None = None
    set_by: str = ""  # the gesture that last silenced, snoozed or resumed them
    sent_at: datetime | None = None  # the last one, of whichever kind
    unanswered: Unanswered | None = None
    promise_told: str = ""  # which promise to customers somebody was last told of, and what

    def too_soon(self, now: datetime, gap: timedelta) -> bool:
        """Asked to be left alone for now, or reminded a moment ago."""
        snoozed = self.snoozed_until is not None and now < self.snoozed_until
        return snoozed or (self.sent_at is not None and now - self.sent_at < gap)

    def waiting(self, ic: str | None, last_update_at: datetime | None) -> Unanswered | None:
        """The reminder that still waits for its answer, if there is one."""
        open_one = self.unanswered
        if open_one is None or open_one.ic != ic or (last_update_at and last_update_at >= open_one.since):
            return None
        return open_one
