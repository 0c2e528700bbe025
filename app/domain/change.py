"""One transaction on an incident: what becomes of it, and everything that becomes true with it (P-audit). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.audit import AuditEvent, Fact, chain
from app.domain.draft import Draft, DraftState
from app.domain.incident import Incident


@dataclass(frozen=True)
class StepRecord:
    """One journaled step of a flow: what it gave, so that a second delivery need not do it again."""

    flow: str
    step: str
    result: dict[str, Any]
    at: datetime


@dataclass(frozen=True)
class DraftWrite:
    """A draft to put; ``was`` is the state that it must be in now (None: it must not exist yet)."""

    draft: Draft
    was: DraftState | None


@dataclass(frozen=True)
class Change:
    """One transaction: the incident as it will be, and everything that becomes true with it.

    ``incident.version`` is the version that was read; the commit fails with ``Conflict`` if it is no longer that.
    """

    incident: Incident
    facts: Sequence[Fact]
    at: datetime
    create: bool = False
    steps: Sequence[StepRecord] = ()
    drafts: Sequence[DraftWrite] = ()
    # ("ALERT", alert group), ("CHANNEL", id), ("TOGETHER", what alerts share): now this incident's
    lookups: Sequence[tuple[str, str]] = ()
    replaces: Sequence[str] = ()  # the incidents that may have held them before

    def applied(self) -> tuple[Incident, list[AuditEvent]]:
        """The incident with its next version and trail's head, and the numbered events that go with it."""
        old = self.incident
        events = chain(old.id, old.audit_seq, old.audit_head, self.facts, self.at)
        head = {"audit_seq": events[-1].seq, "audit_head": events[-1].hash} if events else {}
        return old.model_copy(update={"version": old.version + 1, **head}), events
