"""Texts before the decision: what cannot be approved, what replaces what, what is shown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.draft import Draft, DraftState
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
        "Next update by 14:30 CET.",
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


async def _one(store: MemoryStore) -> tuple[Ticket, Draft]:
    of = await stored(store, incident())
    first = await drafts.create(store, of.id, "one", text("First."), author="system", lasts=LASTS)
    return Ticket(incident=of.id, draft=first.id, sha256=first.sha256), first


async def test_the_same_edit_twice_is_one_text() -> None:
    """D5: and the second delivery gives the text that the first one made."""
    store = MemoryStore()
    seen, first = await _one(store)
    edits = [
        await drafts.edit(store, seen, "edit", text("Edited."), author="slack:U1", actor="slack:U1", lasts=LASTS)
        for _ in range(2)
    ]
    assert edits[0] == edits[1]
    assert [draft.id for draft in await store.drafts(seen.incident)] == [first.id, edits[0].id]


async def test_an_edit_of_words_that_nobody_stored_is_refused_and_leaves_no_trace() -> None:
    """G2: the form carries the hash of what the editor saw."""
    store = MemoryStore()
    seen, _ = await _one(store)
    forged, before = seen.model_copy(update={"sha256": "0" * 64}), await store.trail(seen.incident)
    with pytest.raises(Refused, match="not this incident's"):
        await drafts.edit(store, forged, "edit", text("Edited."), author="slack:U1", actor="slack:U1", lasts=LASTS)
    assert await store.trail(seen.incident) == before


async def test_what_is_not_there_cannot_be_rejected() -> None:
    """G1."""
    store = MemoryStore()
    seen, _ = await _one(store)
    with pytest.raises(Refused, match="no such draft"):
        await drafts.reject(store, seen.incident, "another", actor="slack:U1")


async def test_a_text_is_shown_once_however_often_that_is_recorded() -> None:
    """G9, P-audit: what people see of it has one place in the room."""
    store = MemoryStore()
    seen, first = await _one(store)
    for _ in range(2):
        assert (await drafts.shown(store, seen.incident, first.id, "17.1")).message_ts == "17.1"
    assert [event.type.value for event in await store.trail(seen.incident)].count("STATUSPAGE_DRAFT_SHOWN") == 1


async def test_a_text_that_the_store_does_not_give_back_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """P-loud: nobody is shown what is not stored."""
    store = MemoryStore()
    of = await stored(store, incident())

    async def gone(*_: str) -> None:
        return None

    monkeypatch.setattr(store, "draft", gone)
    with pytest.raises(Refused, match="no such draft"):
        await drafts.create(store, of.id, "one", text(), author="system", lasts=LASTS)
