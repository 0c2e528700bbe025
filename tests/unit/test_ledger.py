"""The one way to change an incident: state and trail move together, or not at all (P-audit)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app import ledger
from app.domain.audit import AuditType, Fact, verify
from app.domain.change import Change
from app.domain.incident import Incident
from app.errors import Busy, Park, TrailBroken
from app.ledger import Decision
from app.sim.memory_store import MemoryStore
from app.sim.virtual_time import run
from tests.factories import IC, incident, stored


class Contended(MemoryStore):
    """Somebody else's change comes first, ``times`` times."""

    times = 0

    async def commit(self, change: Change) -> Incident:
        if self.times and not change.create:
            self.times -= 1
            now = self.incidents[change.incident.id]
            await super().commit(
                Change(incident=now.but(severity=now.severity), facts=[_noted("another")], at=change.at)
            )
        return await super().commit(change)


class Slow(MemoryStore):
    """As far away as a table is: others have their turn before it answers."""

    async def incident(self, incident_id: str) -> Incident | None:
        await asyncio.sleep(0.01)
        return await super().incident(incident_id)

    async def commit(self, change: Change) -> Incident:
        await asyncio.sleep(0.01)
        return await super().commit(change)


def _noted(by: str) -> Fact:
    return Fact(type=AuditType.TIMELINE_NOTE, actor=by, details={"text": "x"})


def _decide(asked: list[int]) -> Any:
    def decide(fresh: Incident) -> Decision:
        asked.append(fresh.version)
        return Decision(fresh.but(ic="U0SECONDARY"), [_noted("us")])

    return decide


def test_after_a_lost_race_it_is_decided_anew_on_what_stands_then() -> None:
    """D11: three others came first, and none of their changes is lost."""

    async def story() -> None:
        store, asked = Contended(), list[int]()
        before = await stored(store, incident())
        store.times = 3
        now = await ledger.amend(store, before.id, _decide(asked))
        assert (now.ic, asked) == ("U0SECONDARY", [before.version + number for number in range(4)])
        trail = await store.trail(before.id)
        assert [event.actor for event in trail[1:]] == ["another"] * 3 + ["us"]
        assert (verify(trail), now.audit_seq) == ([], len(trail))

    run(story())


def test_who_loses_every_race_gives_the_message_back_and_has_written_nothing() -> None:
    """P-audit, P-loud: busy is not done; the incident and its trail know nothing of the try."""

    async def story() -> None:
        store = Contended()
        before = await stored(store, incident())
        store.times = ledger.CONFLICTS_MAX
        with pytest.raises(Busy, match="changed under us"):
            await ledger.amend(store, before.id, _decide([]))
        trail = await store.trail(before.id)
        assert {event.actor for event in trail[1:]} == {"another"}
        assert (store.incidents[before.id].ic, verify(trail)) == (IC, [])

    run(story())


async def test_what_names_an_incident_that_is_not_there_is_parked() -> None:
    """L6: never deleted as done."""
    with pytest.raises(Park, match="there is no incident inc-of-another-environment"):
        await ledger.amend(MemoryStore(), "inc-of-another-environment", _decide([]))


async def test_a_decision_that_fails_writes_nothing() -> None:
    store = MemoryStore()
    before = await stored(store, incident())

    def decide(_: Incident) -> Decision:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await ledger.amend(store, before.id, decide)
    assert (store.incidents[before.id], len(await store.trail(before.id))) == (before, 1)


def test_a_change_whose_event_is_not_written_is_not_written_either() -> None:
    """P-audit, G4: one transaction. Its number is taken, so neither half of it happens."""

    async def story() -> None:
        store = MemoryStore()
        before = await stored(store, incident())
        [first] = store.audit[before.id]
        store.audit[before.id].append(first.model_copy(update={"seq": 2}))  # as if somebody went past the ledger
        with pytest.raises(TrailBroken):
            await ledger.amend(store, before.id, _decide([]))
        assert store.incidents[before.id] == before

    run(story())


def test_two_processors_lose_no_event_to_each_other() -> None:
    """G4, D11: a store for each, as two processors hold it, over the same table."""

    async def story() -> None:
        one, two = Slow(), Slow()
        before = await stored(one, incident())
        vars(two).update(vars(one))
        await asyncio.gather(*(ledger.amend(store, before.id, _decide([])) for store in (one, two) * 6))
        trail = await one.trail(before.id)
        assert ([event.seq for event in trail], verify(trail)) == (list(range(1, 14)), [])

    run(story())
