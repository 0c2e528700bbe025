"""Alerts that fired while nobody listened."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from app import clock
from app.domain.alert import Alert, AlertEvent
from app.domain.change import Change
from app.domain.incident import Incident, Status
from app.domain.severity import Severity
from app.errors import VendorUnavailable
from app.intake.oncall import wrap
from app.ports import OnCallSchedule
from app.processor.reconciler import Reconciler
from app.queue.delivery import Delivery
from app.sim import virtual_time
from app.sim.memory_queue import MemoryQueue
from app.sim.memory_store import MemoryStore

INTERVAL_S = 60.0
FIRED = virtual_time.EPOCH - timedelta(minutes=5)


@dataclass
class OpenGroups:
    """What OnCall has open; fails as often as it is told to."""

    groups: list[Alert] = field(default_factory=list)
    asked_since: list[datetime] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    async def open_alert_groups(self, since: datetime) -> Sequence[Alert]:
        self.asked_since.append(since)
        if self.failures:
            raise self.failures.pop()
        return [group for group in self.groups if group.at >= since]


@dataclass
class World:
    oncall: OpenGroups = field(default_factory=OpenGroups)
    store: MemoryStore = field(default_factory=MemoryStore)
    queue: MemoryQueue = field(default_factory=MemoryQueue)

    def reconciler(self) -> Reconciler:
        oncall = cast("OnCallSchedule", self.oncall)
        return Reconciler(oncall, self.store, self.queue, interval_s=INTERVAL_S)

    async def arrived(self) -> list[str]:
        return [one.envelope.body for one in await self.queue.receive(wait_s=0)]


def alert(group: str, at: datetime = FIRED) -> Alert:
    return Alert(alert_group=group, event=AlertEvent.FIRING, at=at, title="t", source="reconciler")


async def known(
    store: MemoryStore,
    group: str,
    *,
    status: Status = Status.ACTIVE,
    created_at: datetime = FIRED,
    resolved_at: datetime | None = None,
) -> None:
    incident = Incident(
        id=f"incident{group}", status=Status.RESOLVED if resolved_at else status, severity=Severity.P1,
        title="t", service="s", alert=alert(group), created_at=created_at, resolved_at=resolved_at,
    )  # fmt: skip
    await store.commit(Change(incident=incident, facts=(), at=FIRED, create=True, lookups=[("ALERT", group)]))


def test_what_nobody_told_us_of_is_enqueued() -> None:
    """P-accept: an alert that fired while the webhook was down is worked all the same."""

    async def story() -> None:
        world = World(OpenGroups([alert("new"), alert("known"), alert("over"), alert("again")]))
        await known(world.store, "known")
        await known(world.store, "over", resolved_at=FIRED + timedelta(minutes=1))
        await known(world.store, "again", resolved_at=FIRED - timedelta(minutes=1))
        assert await world.reconciler().look() == 2
        assert await world.arrived() == [alert("new").model_dump_json(), alert("again").model_dump_json()]

    virtual_time.run(story())


def test_a_webhook_that_was_only_late_adds_nothing() -> None:
    """P-once: both ways in make the same message of it."""

    async def story() -> None:
        world = World(OpenGroups([alert("new")]))
        await world.queue.send(wrap(alert("new")))
        await world.reconciler().look()
        assert len(await world.arrived()) == 1

    virtual_time.run(story())


def test_it_looks_a_day_back_each_time() -> None:
    """P-accept: however long OnCall itself was out of reach, what fired meanwhile is found."""

    async def story() -> None:
        world = World()
        reconciler = world.reconciler()
        await reconciler.look()
        await reconciler.look()
        assert [clock.now() - since for since in world.oncall.asked_since] == [timedelta(days=1)] * 2

    virtual_time.run(story())


def test_a_room_that_was_given_up_is_tried_again() -> None:
    """P-accept: Slack was away for longer than the message had attempts; the alert is still open, and has no room."""

    async def story() -> None:
        world = World(OpenGroups([alert("stuck"), alert("stands"), alert("tracked"), alert("fresh")]))
        long_ago, just_now = clock.now() - timedelta(minutes=6), clock.now() - timedelta(minutes=4)
        await known(world.store, "stuck", status=Status.ROOM_ASSEMBLING, created_at=long_ago)
        await known(world.store, "stands", status=Status.ASSEMBLY_DEGRADED, created_at=long_ago)
        await known(world.store, "tracked", status=Status.TRACKED, created_at=long_ago)
        await known(world.store, "fresh", status=Status.ROOM_ASSEMBLING, created_at=just_now)
        await world.reconciler().look()
        assert await world.arrived() == [alert("stuck").model_dump_json()]

    virtual_time.run(story())


def test_an_oncall_that_is_away_is_asked_again_a_minute_later_as_far_back_as_before() -> None:
    """The net itself may tear without taking the processor down, and catches up."""

    async def story() -> None:
        world = World(OpenGroups([alert("new")], failures=[RuntimeError("bug"), VendorUnavailable("OnCall", "x", "y")]))
        stop = asyncio.Event()
        running = asyncio.create_task(world.reconciler().run(stop))
        await asyncio.sleep(2 * INTERVAL_S + 1)
        found: list[Delivery] = await world.queue.receive(wait_s=0)
        assert [one.envelope.body for one in found] == [alert("new").model_dump_json()]
        stop.set()
        await running
        assert len(world.oncall.asked_since) == 3
        assert all(since < FIRED - timedelta(hours=20) for since in world.oncall.asked_since)

    virtual_time.run(story())
