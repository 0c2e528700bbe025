"""A processor dies while an alert joins, fires again or ends, or while somebody splits, declares or raises: the next
one finishes what was begun, once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from app import clock
from app.domain.alert import AlertEvent
from app.domain.audit import verify
from app.sim import cast, memory_queue
from app.sim.virtual_time import run
from tests.factories import IC
from tests.house import House
from tests.lives import Life
from tests.office import Office

FIRST = "I6HNZGUFG4K11"


@pytest.fixture(autouse=True)
def _the_queue_looks_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_queue, "_LOOK_S", 2.0)


async def _split(office: Office) -> None:
    await office.people.command(IC, office.house.rooms[0].id, "split 2")


async def _declare(office: Office) -> None:
    await office.people.command("U0LEAD", cast.FALLBACK_CHANNEL, "declare Carts are lost --service search")


async def _lower(office: Office) -> None:
    await office.people.command(IC, office.house.rooms[0].id, "severity P2")


async def _raise(office: Office) -> None:
    await office.people.command(IC, cast.FALLBACK_CHANNEL, "severity P1 TRACKED")


async def _joining(office: Office) -> None:
    await office.fire("G3")


async def _fires_again(office: Office) -> None:
    await office.people.command(IC, office.house.rooms[0].id, "resolve")
    await office.settle()
    await office.fire()


async def _ends(office: Office) -> None:
    for group in (FIRST, "G2"):
        await office.fire(group, event=AlertEvent.RESOLVED, at=clock.now())


FEWEST = 7  # calls to the world that each of these takes
STORIES: dict[str, tuple[Callable[[Office], Awaitable[None]], int, str]] = {
    # what is done, how many rooms there are afterwards, and what is on record once
    "split": (_split, 2, "ALERT_SPLIT_OFF"),
    "declare": (_declare, 2, "ALERT_RECEIVED"),
    "severity down": (_lower, 1, "SEVERITY_CHANGED"),
    "severity up": (_raise, 2, "SEVERITY_CHANGED"),
    "join": (_joining, 1, "ALERT_JOINED"),
    "fire again": (_fires_again, 1, "INCIDENT_REOPENED"),
    "end": (_ends, 1, "RESOLUTION_PROPOSED"),
}


@pytest.mark.parametrize("effects", range(1, 26, 2))
@pytest.mark.parametrize("name", STORIES)
def test_whenever_the_processor_dies_the_next_one_finishes_what_was_begun(name: str, effects: int) -> None:
    """D1, L4, P-once: it ends with that many calls to the world begun or answered."""
    act, rooms, fact = STORIES[name]
    armed: list[int] = []

    def die(life: Life, _: object) -> None:
        if armed and life.effects >= armed[0]:
            life.end()

    async def story() -> None:
        house, life = House(archive_delay=timedelta(hours=2)), Life(at_await=die)
        async with Office(house, [life]) as office:
            await office.fire()
            await office.settle()
            await office.fire("G2", title="Disk is full")
            await office.fire("TRACKED", labels={"service": "billing", "severity": "warning"})
            await office.settle()
            before = [event.type.value for trail in house.store.audit.values() for event in trail].count(fact)
            armed.append(life.effects + effects)
            await act(office)
            await clock.sleep(120)
            await office.settle()
            events = [event.type.value for trail in house.store.audit.values() for event in trail]
            assert events.count(fact) == before + 1
            assert len(office.lived) == (2 if life.over.is_set() else 1)
            assert life.over.is_set() or effects > FEWEST
            _whole(house, rooms)

    run(story())


def _whole(house: House, rooms: int) -> None:
    assert len(house.rooms) == rooms
    for trail in house.store.audit.values():
        assert verify(trail) == []
    for room in house.rooms:
        said = [post.metadata["event_payload"]["effect_id"] for post in room.posts if post.metadata]
        assert len(said) == len(set(said))
    for (kind, key), owner in house.store.lookups.items():
        if kind == "ALERT":
            holders = [one.id for one in house.store.incidents.values() if one.group(key)]
            assert holders == [owner], key
    assert all(not incident.assembling for incident in house.store.incidents.values())
    assert house.queue.dead == []
