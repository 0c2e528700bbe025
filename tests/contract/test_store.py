"""State and audit: the same tests for the in-memory twin and for DynamoDB, whoever plays it (P-audit)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aioboto3
import pytest
from aiobotocore.config import AioConfig

from app import clock, ledger
from app.domain.audit import AuditEvent, AuditType, Fact, chain, verify
from app.domain.change import Change, DraftWrite, StepRecord
from app.domain.draft import DraftState
from app.domain.incident import Incident, Status
from app.effects.dynamodb import DynamoStore, items
from app.errors import Conflict, TrailBroken, VendorRefused
from app.ports import Store
from app.processor.attempts import Marks
from app.sim import aws
from app.sim.memory_store import MemoryStore
from app.sim.memory_vault import MemoryVault
from app.sweep import sweep
from tests import strict
from tests.factories import AT, draft, incident, stored

FACT = Fact(type=AuditType.NUDGE_SENT, actor="system", details={"n": 1, "list": ["a", "b"]})


_provisioned: set[str] = set()


@pytest.fixture
async def store(store_engine: str, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    if store_engine == "memory":
        yield MemoryStore()
        return
    endpoint: str = request.getfixturevalue("reach")(store_engine)
    if endpoint not in _provisioned:
        aws.create_tables(endpoint)
        _provisioned.add(endpoint)
    session = aioboto3.Session(aws.ACCESS_KEY, aws.SECRET_KEY, region_name=aws.REGION)
    config = AioConfig(retries={"total_max_attempts": 1})
    async with session.client("dynamodb", endpoint_url=endpoint, config=config) as client:
        yield DynamoStore(client, incidents_table=aws.INCIDENTS_TABLE, audit_table=aws.AUDIT_TABLE)


@pytest.fixture
def group(request: pytest.FixtureRequest) -> str:
    """Another alert group for each test, since the tables outlive it."""
    return f"G-{request.node.name}"


async def test_what_was_committed_is_read_back(store: Store, group: str) -> None:
    of = await stored(store, incident(group, channel_id=f"C-{group}"))
    assert (of.version, of.audit_seq) == (1, 1)
    assert await store.incident(of.id) == of
    assert await store.incident_of_alert(group) == of
    assert await store.incident_of_channel(f"C-{group}") == of
    assert await store.incident("nosuch") is None
    assert await store.incident_of_channel("nosuch") is None


async def test_state_and_events_are_one(store: Store, group: str) -> None:
    of = await stored(store, incident(group, channel_id=None))
    step = StepRecord(flow="war_room", step="create_channel", result={"channel_id": "C1", "n": 2}, at=AT)
    change = Change(of.but(ic="U1"), [FACT, FACT], AT, steps=[step])
    after = await store.commit(change)
    assert (after.ic, after.version, after.audit_seq) == ("U1", 2, 3)
    trail = await store.trail(of.id)
    assert [event.seq for event in trail] == [1, 2, 3]
    assert verify(trail) == []
    assert trail[-1].hash == after.audit_head
    assert await store.steps(of.id, "war_room") == {"create_channel": step}
    assert await store.steps(of.id, "resolution") == {}


async def test_a_stale_version_writes_nothing(store: Store, group: str) -> None:
    """D11: of two that read the same, one commits."""
    of = await stored(store, incident(group, channel_id=None))
    await store.commit(Change(of.but(ic="U1"), [FACT], AT))
    with pytest.raises(Conflict):
        await store.commit(Change(of.but(ic="U2"), [FACT], AT, drafts=[DraftWrite(draft(of), was=None)]))
    now = await store.incident(of.id)
    assert now is not None
    assert now.ic == "U1"
    assert len(await store.trail(of.id)) == 2
    assert await store.drafts(of.id) == []


async def test_a_stale_version_writes_nothing_even_where_nothing_is_audited(store: Store, group: str) -> None:
    """D11: a lease let go of has no event whose number could be taken; the version alone stands in the way."""
    of = await stored(store, incident(group, channel_id=None))
    now = await store.commit(Change(of.but(ic="U1"), [], AT))
    with pytest.raises(Conflict):
        await store.commit(Change(of.but(ic="U2"), [], AT))
    assert await store.incident(of.id) == now


async def test_an_incident_is_created_once(store: Store, group: str) -> None:
    of = incident(group, channel_id=None)
    await stored(store, of)
    with pytest.raises(Conflict):
        await stored(store, of)
    assert len(await store.trail(of.id)) == 1


async def test_a_channel_belongs_to_one_incident(store: Store, group: str) -> None:
    await stored(store, incident(group, channel_id=f"C-{group}"))
    other = incident(f"{group}-2", channel_id=f"C-{group}")
    with pytest.raises(Conflict):
        await stored(store, other)
    assert await store.incident(other.id) is None


async def test_of_two_that_open_at_once_for_what_alerts_share_one_does(store: Store, group: str) -> None:
    """P-once: and whoever comes after an end may replace any of those that stood there before."""
    first, second = (incident(f"{group}-{n}", channel_id=None) for n in (1, 2))
    lookups = [("TOGETHER", f"service:{group}")]
    assert await store.incident_together(f"service:{group}") is None
    first = await store.commit(Change(first, [FACT], AT, create=True, lookups=lookups))
    with pytest.raises(Conflict):
        await store.commit(Change(second, [FACT], AT, create=True, lookups=lookups))
    assert await store.incident_together(f"service:{group}") == first
    second = await store.commit(
        Change(second, [FACT], AT, create=True, lookups=lookups, replaces=["somebody-else", first.id])
    )
    assert await store.incident_together(f"service:{group}") == second


async def test_a_new_episode_takes_the_alert_group_over(store: Store, group: str) -> None:
    """L3: a re-fire opens a new episode; the group then points at it, and nobody else can take it."""
    first = await stored(store, incident(group, channel_id=None))
    second = incident(group, id=first.id + "b", episode=2, channel_id=None)
    lookups = [("ALERT", group)]
    with pytest.raises(Conflict):
        await store.commit(Change(second, [FACT], AT, create=True, lookups=lookups, replaces=["somebody-else"]))
    await store.commit(Change(second, [FACT], AT, create=True, lookups=lookups, replaces=[first.id]))
    third = incident(group, id=first.id + "c", episode=3, channel_id=None)
    with pytest.raises(Conflict):
        await store.commit(Change(third, [FACT], AT, create=True, lookups=lookups, replaces=[first.id]))
    found = await store.incident_of_alert(group)
    assert found is not None
    assert found.id == second.id


async def test_a_draft_moves_only_from_the_state_it_is_in(store: Store, group: str) -> None:
    """D5, P-once: of two clicks, one claims."""
    one = draft(incident(group, channel_id=None))
    of = await stored(store, incident(group, channel_id=None), one)
    assert await store.draft(of.id, one.id) == one
    approved = one.model_copy(update={"state": DraftState.APPROVED, "claim": "c1", "claimed_until": 1.5})
    of = await store.commit(Change(of, [FACT], AT, drafts=[DraftWrite(approved, was=DraftState.PENDING_APPROVAL)]))
    again = one.model_copy(update={"state": DraftState.APPROVED, "claim": "c2"})
    with pytest.raises(Conflict):
        await store.commit(Change(of, [FACT], AT, drafts=[DraftWrite(again, was=DraftState.PENDING_APPROVAL)]))
    assert await store.draft(of.id, one.id) == approved


async def test_drafts_come_in_the_order_of_writing(store: Store, group: str) -> None:
    of = incident(group, channel_id=None)
    late = draft(of, name="a").model_copy(update={"created_at": AT.replace(hour=5)})
    await stored(store, of, late, draft(of, name="b"))
    assert [one.id for one in await store.drafts(of.id)] == ["b", "a"]


async def test_open_incidents_are_those_that_are_not_over(store: Store, group: str) -> None:
    of = await stored(store, incident(group, channel_id=None))
    assert of.id in {one.id for one in await store.open_incidents()}
    await store.commit(Change(of.to(Status.RESOLVED), [FACT], AT))
    assert of.id not in {one.id for one in await store.open_incidents()}


async def test_open_incidents_come_by_state_and_age(store: Store, group: str) -> None:
    made: dict[str, Incident] = {}
    for hour, status in enumerate([*reversed(Status), *Status]):
        of = incident(f"{group}-{hour}", status=status, created_at=AT.replace(hour=20 - hour), channel_id=None)
        made[of.id] = await stored(store, of)
    mine = [one.id for one in await store.open_incidents() if one.id in made]
    still_open = [one for one in made.values() if one.open]
    order = list(Status)
    assert mine == [one.id for one in sorted(still_open, key=lambda one: (order.index(one.status), one.created_at))]


async def test_a_trail_longer_than_a_page_is_whole(store: Store, group: str) -> None:
    """G7: more than one megabyte of events is read to its end."""
    of = await stored(store, incident(group, channel_id=None))
    big = Fact(type=AuditType.NUDGE_SENT, actor="system", details={"words": "word " * 6000})
    for _ in range(4):
        of = await store.commit(Change(of, [big] * 10, AT))
    trail = await store.trail(of.id)
    assert len(trail) == 41
    assert verify(trail) == []
    assert sum(len(event.model_dump_json()) for event in trail) > 1_000_000


async def test_an_event_number_is_given_once(store: Store, group: str) -> None:
    """G4, P-audit: two events with one number are not one event, and waiting makes them none."""
    of = await stored(store, incident(group, channel_id=None))
    with pytest.raises(TrailBroken):
        await store.commit(Change(of.but(audit_seq=0, audit_head=""), [FACT], AT))
    assert len(await store.trail(of.id)) == 1


async def _forge(store: Any, event: AuditEvent) -> None:
    """Whoever may write to the audit table may do this."""
    if isinstance(store, MemoryStore):
        store.audit[event.incident_id].append(event)
        return
    fields = {**event.model_dump(mode="json", exclude={"details"}), "details": "{}"}
    pk, expires = f"INCIDENT#{event.incident_id}", int(clock.now().timestamp()) + items.TTL_S
    forged = items.stored(pk, f"EVENT#{event.seq:08d}", expires, fields)
    await store._client.put_item(TableName=aws.AUDIT_TABLE, Item=forged)


async def test_an_event_that_nobody_committed_is_loud(store: Any, group: str) -> None:
    """P-audit, P-loud: it takes the next number, so no change of the incident can ever be committed. Whoever tries is
    told why, instead of being told to wait; and the sweep sees it, whatever its hash."""
    of = await stored(store, incident(group, channel_id=None))
    [forged] = chain(of.id, of.audit_seq, of.audit_head, [Fact(type=AuditType.NUDGE_SENT, actor="forger")], AT)
    await _forge(store, forged)
    with pytest.raises(TrailBroken, match=f"incident {of.id} can change no more: EVENT#00000002"):
        await ledger.amend(store, of.id, lambda fresh: ledger.Decision(fresh.but(ic="U1"), [FACT, FACT]))
    assert await store.incident(of.id) == of

    class Trails:
        incident, trail = store.incident, store.trail

        async def incident_ids(self) -> list[str]:
            return [of.id]

    swept = await sweep(Trails(), MemoryVault())
    assert "somebody wrote behind its end" in str(swept.violations[of.id])


async def test_what_has_expired_stands_in_nobodys_way(
    store: Store, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L3: DynamoDB deletes what has expired days later. No read shows it until then, and no condition sees it."""
    lookups = [("TOGETHER", f"service:{group}")]
    one = draft(incident(group, channel_id=None))
    of = await stored(store, incident(group, channel_id=f"C-{group}"), one)
    await store.commit(Change(of, [FACT], AT, lookups=lookups))
    monkeypatch.setattr(clock, "now", lambda: AT + timedelta(days=367))
    assert await store.incident(of.id) is None
    assert await store.incident_of_alert(group) is None
    assert await store.incident_together(f"service:{group}") is None
    assert (await store.trail(of.id), await store.drafts(of.id)) == ([], [])
    other = incident(group, id=of.id + "b", channel_id=None)
    now = clock.now()
    other = await store.commit(
        Change(other, [FACT], now, create=True, lookups=[("ALERT", group), ("CHANNEL", f"C-{group}"), *lookups])
    )
    again = await store.commit(Change(of.but(version=0), [FACT], now, create=True, drafts=[DraftWrite(one, was=None)]))
    assert await store.incident(of.id) == again
    assert await store.incident_together(f"service:{group}") == other


async def test_what_was_begun_and_not_ended_is_remembered(store: Marks, group: str) -> None:
    assert await store.begun(f"q.fifo#{group}") == 0
    for times in (1, 2, 1):
        await store.mark(f"q.fifo#{group}", times)
        assert await store.begun(f"q.fifo#{group}") == times
    assert await store.begun(f"q2.fifo#{group}") == 0


async def test_a_step_that_has_grown_too_large_is_named_with_the_remedy(store: Store, group: str) -> None:
    """P-loud: AWS says only that something is not valid."""
    of = await stored(store, incident(group, channel_id=None))
    large = StepRecord("war_room", "resolve_responders", {"words": "ö" * 205_000}, AT)
    with pytest.raises(VendorRefused, match=rf"INCIDENT#{of.id} STEP#war_room#resolve_responders would be .* resolve"):
        await store.commit(Change(of, [FACT], AT, steps=[large]))
    assert await store.incident(of.id) == of


async def test_events_of_one_moment_are_all_kept(store: Store, group: str) -> None:
    """G4, P-audit: of one type, in one millisecond, in one commit and in two."""
    of = await stored(store, incident(group, channel_id=None))
    for _ in range(2):
        of = await store.commit(Change(of, [FACT, FACT], AT))
    trail = await store.trail(of.id)
    assert ([event.seq for event in trail], verify(trail)) == ([1, 2, 3, 4, 5], [])


async def test_what_a_step_gave_is_a_copy(store: Store, group: str) -> None:
    of = await stored(store, incident(group, channel_id=None))
    given: dict[str, Any] = {"invited": ["U1"], "pair": (1, 2)}
    await store.commit(Change(of, [FACT], AT, steps=[StepRecord("war_room", "invite", given, AT)]))
    given["invited"].append("U2")
    (await store.steps(of.id, "war_room"))["invite"].result["invited"].append("U3")
    assert (await store.steps(of.id, "war_room"))["invite"].result == {"invited": ["U1"], "pair": [1, 2]}


@pytest.mark.parametrize(
    "too_much",
    [
        {"facts": [FACT] * 100},
        {"steps": [StepRecord("f", "s", {"words": "x" * 410_000}, AT)]},
        {"steps": [StepRecord("f", "s" * 1024, {}, AT)]},
        {"steps": [StepRecord("f", "s", {}, AT)] * 2},
        {"lookups": [("CHANNEL", "C-twice")] * 2},
    ],
    ids=["101 items", "an item of 410 kB", "a long key", "a step twice", "a lookup twice"],
)
async def test_what_dynamodb_would_refuse_is_refused_whole(store: Store, group: str, too_much: dict[str, Any]) -> None:
    """P-loud: not a conflict, which would be tried again for ever."""
    of = await stored(store, incident(group, channel_id=None))
    with strict.on_purpose(), pytest.raises(VendorRefused):
        await store.commit(Change(**{"incident": of, "facts": [FACT], "at": AT, **too_much}))
    assert await store.incident(of.id) == of
    assert len(await store.trail(of.id)) == 1


async def test_a_transaction_may_have_a_hundred_items(store: Store, group: str) -> None:
    of = await stored(store, incident(group, channel_id=None))
    await store.commit(Change(of, [FACT] * 99, AT))
    assert verify(await store.trail(of.id)) == []
