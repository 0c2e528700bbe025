"""Many alerts at once, and tables that answer slowly: whoever loses a race waits, and nobody is given up on."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from app import clock, ledger
from app.domain.alert import AlertEvent
from app.domain.audit import AuditType, Fact, chain
from app.domain.incident import Incident, Lease, Status
from app.errors import Busy
from app.events import alert_resolved
from app.flows import intake, steps
from app.sim import cast, memory_queue
from app.sim.virtual_time import run
from tests.factories import AT, IC, alert
from tests.house import House
from tests.lives import Life
from tests.office import Office

GROUP = "I6HNZGUFG4K11"
ATTEMPTS = 6  # what a deployment has, unless it says otherwise


@pytest.fixture(autouse=True)
def _the_queue_looks_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_queue, "_LOOK_S", 2.0)


class _Slow:
    """A store whose every answer takes its time."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._takes = itertools.cycle((0.05, 0.2, 0.1, 0.15, 0.07, 0.3, 0.12))

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if not callable(method):
            return method

        async def slowly(*args: Any, **named: Any) -> Any:
            await clock.sleep(next(self._takes))
            answer = await method(*args, **named)
            await clock.sleep(next(self._takes))
            return answer

        return slowly


def _play(story: Callable[[House, Office], Awaitable[None]], *, attempts: int = ATTEMPTS, **policy: Any) -> None:
    async def whole() -> None:
        house = House(**{"archive_delay": timedelta(hours=2), **policy})
        async with Office(house, attempts=attempts) as office:
            await story(house, office)
        assert [message.reason for message in house.queue.dead] == []

    run(whole())


def test_a_storm_on_slow_tables_parks_nothing() -> None:
    """P-once, L6: two processors, and each decision takes longer than it takes the other to spoil it."""

    async def story() -> None:
        house = House(archive_delay=timedelta(hours=2))
        house.store = _Slow(house.store)  # type: ignore[assignment]
        async with Office(house, beside=Life(), attempts=ATTEMPTS) as office:
            for number in range(100):
                labels = {"service": f"service-{number % 5}", "team": cast.TEAM, "severity": "critical"}
                await office.fire(f"G{number}", title=f"Alert {number}", labels=labels)
            await office.settle()
            assert house.queue.dead == []
            incidents = list(house.store.incidents.values())
            assert sorted(len(incident.groups) for incident in incidents) == [20] * 5
            assert len(house.rooms) == 5
            assert {incident.status for incident in incidents} <= {Status.ACTIVE, Status.ASSEMBLY_DEGRADED}

    run(story())


def test_an_alert_waits_as_long_as_a_dead_processor_holds_the_end_of_its_incident() -> None:
    """D11: the lease runs out in half a minute; the alert that re-opens is not given up on before."""

    async def story(house: House, office: Office) -> None:
        await office.fire()
        await office.settle()
        await office.command(IC, "resolve")
        await office.settle()
        incident = await house.incident()
        held = Lease(flow="resolution", attempt=1, until=clock.wall() + steps.LEASE_S)
        await ledger.amend(house.store, incident.id, lambda fresh: ledger.Decision(fresh.but(lease=held), []))
        await office.fire(event=AlertEvent.FIRING)
        await office.settle()
        assert (await house.incident()).status is Status.ACTIVE

    _play(story)


def test_an_alert_that_ends_while_its_room_is_begun_leaves_no_room_behind() -> None:
    """D11: the room is begun between the look at the incident and its resolution; nobody would ever close it."""

    async def story(house: House, office: Office) -> None:
        assert await house.store.incident_of_alert(GROUP) is None
        await _opened(house)
        commit = house.store.commit
        another: Any = _Slow(house.store)  # another processor's

        async def first_the_room(change: Any) -> Incident:
            house.store.commit = commit  # type: ignore[method-assign]
            done = await commit(change)
            await steps.begin(another, done.id, "war_room", house.war_room._begin)
            return done

        house.store.commit = first_the_room  # type: ignore[method-assign]
        body = alert_resolved.Body.model_validate(alert(GROUP, event=AlertEvent.RESOLVED, at=clock.now()).model_dump())
        with pytest.raises(Busy):
            await alert_resolved.handle(body, house.store, house.chat, house.timers, house.queue, house.policy)
        assert (await house.incident()).status is Status.ROOM_ASSEMBLING

    _play(story)


async def _opened(house: House) -> None:
    await intake.place(house.store, house.policy, house.catalogue, alert(GROUP, at=clock.now()))


def test_who_works_at_an_end_that_was_taken_back_is_fenced_off() -> None:
    """D11, S10: a processor that stood still while its incident re-opened announces and removes nothing afterwards."""

    async def story(house: House, office: Office) -> None:
        await office.fire()
        await office.settle()
        await office.command(IC, "resolve")
        await office.settle()
        incident = await house.incident()
        frozen = await steps.begin(house.store, incident.id, "resolution", lambda fresh: ledger.Decision(fresh, []))
        assert frozen is not None
        await clock.sleep(steps.LEASE_S + 1)
        await office.fire(event=AlertEvent.FIRING)
        await office.settle()
        assert (await house.incident()).status is Status.ACTIVE
        acted = False

        async def act() -> steps.Done:
            nonlocal acted
            acted = True
            return steps.Done()

        with pytest.raises(Busy):
            await frozen.step("remove_everything", act)
        assert not acted

    _play(story)


def test_an_event_that_nobody_committed_is_told_to_whoever_meets_it() -> None:
    """P-audit, P-loud: it takes the number of every later one, so that the room would wait for ever."""

    async def story() -> None:
        house = House()
        async with Office(house, attempts=ATTEMPTS) as office:
            await office.fire()
            await office.settle()
            incident = await house.incident()
            forged = Fact(type=AuditType.NUDGE_SENT, actor="forger")
            house.store.audit[incident.id] += chain(incident.id, incident.audit_seq, incident.audit_head, [forged], AT)
            await office.command(IC, 'note "we restart"')
            await office.fire(event=AlertEvent.RESOLVED)
            await office.settle()
            why = f"incident {incident.id} can change no more: EVENT#{incident.audit_seq + 1:08d}"
            assert [letter.lane for letter in house.queue.dead] == [f"slack:{house.rooms[0].id}", f"alert:{GROUP}"]
            assert all(str(letter.reason).startswith(why) for letter in house.queue.dead)
            assert why in house.slack.workspace.whispers[-1].text
            assert why in " ".join(house.texts(house.rooms[0].id))
            assert await house.incident() == incident

    run(story())
