"""The one way to change an incident: decide on the fresh state, commit state and audit together, or decide again.

``decide`` is pure: it is given the incident as it stands and says what becomes of it, or None when there is nothing
left to do. It may be called several times, and only the last answer counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary, WeakValueDictionary

from app import clock
from app.domain.audit import Fact
from app.domain.change import Change, DraftWrite, StepRecord
from app.domain.draft import Draft
from app.domain.incident import Incident
from app.errors import Busy, Conflict, Park
from app.ports import Store

CONFLICTS_MAX = 10  # decisions taken anew before the message goes back to the queue
STEP_BACK_MAX_S = 0.5

# By the store as one processor holds it, and the incident; gone with them.
_turns: WeakKeyDictionary[Store, WeakValueDictionary[str, asyncio.Lock]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Decision:
    """What becomes of an incident, and what is recorded of it."""

    incident: Incident
    facts: Sequence[Fact]
    steps: Sequence[StepRecord] = ()
    drafts: Sequence[DraftWrite] = ()
    lookups: Sequence[tuple[str, str]] = ()
    replaces: Sequence[str] = ()


async def amend(store: Store, incident_id: str, decide: Callable[[Incident], Decision | None]) -> Incident:
    """Gives the incident as it stands afterwards. Whatever ``decide`` raises goes through, with nothing written."""

    async def decided(incident: Incident) -> Decision | None:
        return decide(incident)

    return await _amend(store, incident_id, decided)


async def amend_drafts(
    store: Store, incident_id: str, decide: Callable[[Incident, Sequence[Draft]], Decision | None]
) -> Incident:
    """The same, for a decision that needs the incident's drafts too, in the order in which they were written."""

    async def decided(incident: Incident) -> Decision | None:
        return decide(incident, await store.drafts(incident.id))

    return await _amend(store, incident_id, decided)


async def _amend(store: Store, incident_id: str, decide: Callable[[Incident], Awaitable[Decision | None]]) -> Incident:
    async with _turn(store, incident_id):
        return await _decide_until_it_stands(store, incident_id, decide)


def _turn(store: Store, incident_id: str) -> asyncio.Lock:
    """One processor's own decisions about one incident take turns: in a storm they would lose races to each other
    until none had patience left. It saves work and nothing else; what keeps two processors apart is the commit."""
    turns = _turns.setdefault(store, WeakValueDictionary())
    turn = turns.get(incident_id)
    if turn is None:
        turn = turns[incident_id] = asyncio.Lock()
    return turn


async def _decide_until_it_stands(
    store: Store, incident_id: str, decide: Callable[[Incident], Awaitable[Decision | None]]
) -> Incident:
    for conflicts in range(CONFLICTS_MAX):
        if conflicts > 1:
            await _step_back(conflicts)
        incident = await load(store, incident_id)
        decision = await decide(incident)
        if decision is None:
            return incident
        try:
            return await store.commit(_change(decision))
        except Conflict:
            continue
    raise Busy(f"incident {incident_id} changed under us {CONFLICTS_MAX} times in a row")


async def _step_back(conflicts: int) -> None:
    """In a storm many want one incident at once: each waits a moment of its own, and so all get through."""
    chance = int(clock.new_id()[:4], 16) / 0xFFFF
    await asyncio.sleep(chance * min(STEP_BACK_MAX_S, 0.02 * 2**conflicts))


async def load(store: Store, incident_id: str) -> Incident:
    incident = await store.incident(incident_id)
    if incident is None:
        raise Park(f"there is no incident {incident_id}: it expired, or the message names another environment's")
    return incident


def _change(decision: Decision) -> Change:
    return Change(
        incident=decision.incident,
        facts=decision.facts,
        at=clock.now(),
        steps=decision.steps,
        drafts=decision.drafts,
        lookups=decision.lookups,
        replaces=decision.replaces,
    )
