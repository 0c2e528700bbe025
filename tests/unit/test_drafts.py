"""Texts before the decision: what cannot be approved, what replaces what, what is shown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.draft import DraftState
from app.domain.ticket import Ticket
from app.errors import Refused
from app.gate import drafts
from app.sim.memory_store import MemoryStore
from tests.factories import incident, stored, text

LASTS = timedelta(minutes=30)


@pytest.mark.parametrize(
    "body",
    [
        "Impact: [describe impact]",
        "We expect a fix by {{eta}}",
        "TODO",
        "Back at <time>",
        "Ask ops@example.com",
        "On 10.0.0.1",
        "<!channel> all is well",
        "Ask <@U0LEAD> or in <#C0ROOM>",
        "<https://evil.example|your bank>",
    ],
)
def test_an_unfinished_or_indiscreet_text_has_problems(body: str) -> None:
    """G5: a placeholder or private data keeps a text from being approved."""
    assert drafts.problems(text(body))


def test_an_honest_text_has_none() -> None:
    assert drafts.problems(text()) == []


async def test_a_new_draft_takes_the_place_of_the_undecided_one() -> None:
    store = MemoryStore()
    of = await stored(store, incident())
    first = await drafts.create(store, of.id, "one", text("First."), author="system", lasts=LASTS)
    second = await drafts.create(store, of.id, "two", text("Second."), author="system", lasts=LASTS)
    states = {draft.id: draft.state for draft in await store.drafts(of.id)}
    assert states == {first.id: DraftState.SUPERSEDED, second.id: DraftState.PENDING_APPROVAL}
    replaced = await store.draft(of.id, first.id)
    assert replaced is not None
    assert replaced.replaced_by == second.id


async def test_the_same_gesture_twice_is_one_draft() -> None:
    store = MemoryStore()
    of = await stored(store, incident())
    for _ in range(2):
        await drafts.create(store, of.id, "gesture", text(), author="system", lasts=LASTS)
    assert len(await store.drafts(of.id)) == 1
    assert [event.type.value for event in await store.trail(of.id)].count("STATUSPAGE_DRAFT_CREATED") == 1


async def test_an_edit_of_a_text_that_is_gone_is_refused() -> None:
    store = MemoryStore()
    of = await stored(store, incident())
    first = await drafts.create(store, of.id, "one", text("First."), author="system", lasts=LASTS)
    seen = Ticket(incident=of.id, draft=first.id, sha256=first.sha256)
    await drafts.edit(store, seen, "edit", text("Edited."), author="slack:U1", actor="slack:U1", lasts=LASTS)
    with pytest.raises(Refused, match="newer text"):
        await drafts.edit(store, seen, "again", text("Other."), author="slack:U2", actor="slack:U2", lasts=LASTS)


async def test_reject_twice_is_once_and_published_cannot_be_rejected() -> None:
    """G8."""
    store = MemoryStore()
    of = await stored(store, incident())
    draft = await drafts.create(store, of.id, "one", text(), author="system", lasts=LASTS)
    for _ in range(2):
        assert (await drafts.reject(store, of.id, draft.id, actor="slack:U1")).state is DraftState.REJECTED
    assert [event.type.value for event in await store.trail(of.id)].count("STATUSPAGE_DRAFT_REJECTED") == 1
