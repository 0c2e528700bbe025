"""Defects, each as one line that somebody might well write. The simulation must see every one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.audit import AuditEvent
from app.domain.change import Change
from app.domain.draft import Draft
from app.domain.incident import Incident
from app.effects.slack import Slack
from app.flows import publishing, steps
from app.flows.archive import Archive
from app.gate import door, rules
from app.gate.door import Door
from app.gate.rules import refusal
from app.processor.consumer import Consumer
from app.queue.delivery import Delivery
from app.sim.memory_store import MemoryStore

Plant = Callable[[pytest.MonkeyPatch], None]


def claim_without_its_condition(patch: pytest.MonkeyPatch) -> None:
    """Whoever writes a draft writes it, whatever has become of it meanwhile."""
    checked = MemoryStore._check

    def check(self: MemoryStore, change: Change, events: Sequence[AuditEvent]) -> None:
        if not change.drafts:
            checked(self, change, events)

    patch.setattr(MemoryStore, "_check", check)


def no_read_back(patch: pytest.MonkeyPatch) -> None:
    async def _read_back(_self: Door, draft: Draft, _claim: str) -> Draft:
        return draft

    patch.setattr(Door, "_read_back", _read_back)


def a_text_of_any_age(patch: pytest.MonkeyPatch) -> None:
    def young(*args: Any, **more: Any) -> str | None:
        return refusal(*args, **more | {"now": datetime.min.replace(tzinfo=UTC)})

    patch.setattr(door, "refusal", young)


def components_left_broken(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "left_behind", lambda *_: [])
    patch.setattr(publishing, "left_behind", lambda *_: [])
    patch.setattr(publishing, "restoring", lambda text, _: text)


def audit_keys_without_numbers(patch: pytest.MonkeyPatch) -> None:
    """Two events of one moment and type have one key, so that the second takes the first one's place."""
    committed = MemoryStore.commit

    async def commit(self: MemoryStore, change: Change) -> Incident:
        new = await committed(self, change)
        kept = {(event.at, event.type): event for event in self.audit[new.id]}
        self.audit[new.id] = list(kept.values())
        return new

    patch.setattr(MemoryStore, "commit", commit)


def room_without_its_adoption(patch: pytest.MonkeyPatch) -> None:
    async def own_room(_self: Slack, _name: str) -> None:
        return None

    patch.setattr(Slack, "own_room", own_room)


def deleted_instead_of_parked(patch: pytest.MonkeyPatch) -> None:
    async def park(self: Any, delivery: Delivery, _reason: str) -> bool:
        await self._inbox.delete(delivery)
        return True

    patch.setattr(Consumer, "_park", park)


def worked_beside_itself(patch: pytest.MonkeyPatch) -> None:
    """What a processor has in hand is taken again when its hold ran out: the first defect that the simulation found.

    Behind it stands a second guard, that one message is posted by one lane at a time; it is taken away, too.
    """

    class NoTurns(dict[Any, Any]):
        def setdefault(self, *_: object) -> dict[Any, Any]:
            return {}

    class Forgetful(set[str]):
        def __contains__(self, _: object) -> bool:
            return False

    made = Consumer.__init__

    def make(self: Any, *args: Any, **more: Any) -> None:
        made(self, *args, **more)
        self._in_hand = Forgetful()

    patch.setattr(Consumer, "__init__", make)
    patch.setattr(steps, "_posting", NoTurns())


def a_failure_that_stops_no_lane(patch: pytest.MonkeyPatch) -> None:
    failed = Consumer._failed

    async def _failed(self: Any, delivery: Delivery, error: Exception) -> bool:
        await failed(self, delivery, error)
        return True

    patch.setattr(Consumer, "_failed", _failed)


def nobody_looks_later(patch: pytest.MonkeyPatch) -> None:
    async def look_later(*_: object) -> None:
        return None

    patch.setattr(publishing, "look_later", look_later)


def no_second_try_to_end_a_room(patch: pytest.MonkeyPatch) -> None:
    async def come_back(_self: Archive, _incident_id: str) -> None:
        return None

    patch.setattr(Archive, "come_back", come_back)
