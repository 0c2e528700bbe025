"""A processor may die, or stand still, at any await; what people see afterwards is as if it had not.

One whole ceremony, from alert to archive, told again for many places of the accident. The places are a sample, with
what the crash matrix (``tests/simulation/crash_matrix.py``) does not play: several deaths in a row, an edit, a
rejection, silence, an archive. The matrix plays every await of the four flows.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from app import clock
from app.domain.audit import verify
from app.domain.checklist import JUDGED
from app.domain.draft import DraftState
from app.domain.incident import Incident, Status
from app.sim import memory_queue
from app.sim.virtual_time import run
from tests.house import House
from tests.lives import Life
from tests.office import Office

AWAITS = 1690  # of the whole ceremony, about
STRIDE = 50
LEAD, ENGINEER = "U0LEAD", "U0ENGINEER"
SOON = {
    "archive_delay": timedelta(hours=1),
    "rating_follow_up": timedelta(minutes=20),
    "rating_skipped": timedelta(minutes=40),
    "postmortem_sla": timedelta(minutes=50),
}
ONCE = (
    "WAR_ROOM_ASSEMBLED", "HEADER_POSTED", "CHECKLIST_PINNED", "NUDGES_SILENCED", "INCIDENT_RESOLVED",
    "POSTMORTEM_CREATED", "RESOLUTION_ANNOUNCED", "RATING_GIVEN", "WAR_ROOM_ARCHIVED",
)  # fmt: skip
SAID_ONCE = (
    "header", "arrivals", "checklist", "context", "assembled", "ic", "silenced", "announcement", "rating", "farewell",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _the_queue_looks_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours pass here, and a look at an empty queue is what they consist of."""
    monkeypatch.setattr(memory_queue, "_LOOK_S", 2.0)


@pytest.mark.parametrize("number", range(1, AWAITS, STRIDE))
def test_a_processor_that_dies_leaves_no_trace(number: int) -> None:
    """D1, D5, D7, D9, G9, L4: killed anywhere in any handler, the next processor finishes what it began."""
    _play(Life(last=number))


@pytest.mark.parametrize("every", [47, 71, 143, 211])
def test_processors_that_die_again_and_again_get_there(every: int) -> None:
    """D1, L4."""
    _play(*(Life(last=every) for _ in range(12)))


@pytest.mark.parametrize("number", range(9, AWAITS // 2, 2 * STRIDE))
def test_a_processor_that_stood_still_changes_nothing_when_it_wakes(number: int) -> None:
    """D11: its message and its lease had gone to another, which finished the work."""
    _play(beside=Life(still=number))


def _play(*lives: Life, beside: Life | None = None) -> None:
    async def story() -> None:
        house = House(**SOON)
        async with Office(house, lives, beside=beside) as office:
            await _ceremony(office)
            _examine(house, office)

    run(story())


# ---------------------------------------------------------------- what people do


async def _ceremony(office: Office) -> None:
    texts = office.house.store.texts
    await office.fire()
    await office.until(lambda: office.house.store.incidents and _incident(office.house).status is Status.ACTIVE)
    await office.press(LEAD, "take_command")
    await office.until(lambda: _incident(office.house).ic == LEAD)
    for item in JUDGED:
        await office.press(LEAD, f"tick:{item}")
    await office.until(lambda: set(_incident(office.house).ticks) == set(JUDGED))
    await office.command(LEAD, "status draft Some customers cannot pay.")
    await _edit(office, "Some customers cannot pay by card.")
    await office.until(lambda: len(texts) == 2)
    await office.quiet()
    await office.press(LEAD, "reject_statuspage")
    await office.quiet()
    await office.command(LEAD, "status draft We look into failing payments.")
    await office.until(lambda: len(texts) == 3)
    await _approve(office, published=1)
    await clock.sleep(20 * 60)  # a reminder is due, also when it was set late
    await office.command(LEAD, "silence")
    await office.command(LEAD, "resolve now")
    await office.until(lambda: len(texts) == 4)  # the last word
    await _approve(office, published=2)
    await office.press(LEAD, "rate:5")
    await office.until(lambda: _incident(office.house).archived_at)
    await office.until(lambda: not office.house.timers.schedules)  # what is followed up afterwards
    await office.quiet()


async def _edit(office: Office, body: str) -> None:
    """Who sees no editor presses again."""
    modals = office.house.slack.workspace.modals
    while not modals:
        await office.press(ENGINEER, "edit_statuspage")
        await office.quiet()
    await office.people.submit(ENGINEER, list(modals)[-1], {"body": body})


async def _approve(office: Office, *, published: int) -> None:
    """Who reads that it was not published presses again."""
    texts = office.house.store.texts
    await office.quiet()
    while [draft.state for draft in texts.values()].count(DraftState.PUBLISHED) < published:
        await office.press(LEAD, "approve_statuspage")
        await office.quiet()


def _incident(house: House) -> Incident:
    [incident] = house.store.incidents.values()
    return incident


# ---------------------------------------------------------------- what is there afterwards


def _examine(house: House, office: Office) -> None:
    incident = _incident(house)
    trail = house.store.audit[incident.id]
    assert verify(trail) == []
    types = Counter(event.type.value for event in trail)
    assert {name: types[name] for name in ONCE} == dict.fromkeys(ONCE, 1)
    assert (types["RESPONDER_INVITED"], types["NUDGE_SENT"]) == (4, 1)
    assert len(house.page.incidents) == 1
    assert (len(house.page.writes), types["STATUSPAGE_PUBLISHED"]) == (2, 2)
    assert len(house.linear.issues) == 1
    assert house.timers.schedules == {}
    assert incident.missing == ()
    assert incident.lease is None or incident.lease.until < clock.wall()
    assert house.queue.dead == []
    assert office.unanswered() == []
    _examine_room(house)


def _examine_room(house: House) -> None:
    [room] = house.rooms
    effects = [post.metadata["event_payload"]["effect_id"] for post in room.posts if post.metadata]
    assert len(effects) == len(set(effects))
    kinds = Counter(effect.partition(":")[0] for effect in effects)
    assert {kind: kinds[kind] for kind in SAID_ONCE} == dict.fromkeys(SAID_ONCE, 1)
    header = next(post for post in room.posts if post.metadata and "'header:" in str(post.metadata))
    assert f"<@{LEAD}>" in str(header.blocks)
    pinned = room.post(room.pins[0])
    assert pinned is not None
    assert ":white_large_square:" not in str(pinned.blocks)
    for draft in house.store.texts.values():
        shown = room.post(draft.message_ts or "")
        assert shown is not None, f"{draft.state} and never shown"
        assert "approve_statuspage" not in str(shown.blocks), f"{draft.state}, and it still has its buttons"
