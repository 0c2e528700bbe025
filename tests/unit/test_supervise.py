"""The processor as a whole: it starts, says how it is, stops when told to, and never lives on with a dead part."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import pytest

from app import clock
from app.ports import OnCallSchedule
from app.processor.consumer import Consumer
from app.processor.parts import Processor
from app.processor.reconciler import Reconciler
from app.processor.supervise import TaskDied, supervise
from app.processor.vitals import Vitals
from app.queue.delivery import Delivery
from app.queue.envelope import Envelope
from app.sim.memory_queue import MemoryQueue
from app.sim.memory_store import MemoryStore


class Silent:
    async def open_alert_groups(self, _: Any) -> list[Any]:
        return []


@dataclass
class Socket:
    """A websocket that is up until it is told to break."""

    connected: bool = True
    breaks: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, stop: asyncio.Event) -> None:
        stopping = asyncio.create_task(stop.wait())
        breaking = asyncio.create_task(self.breaks.wait())
        await asyncio.wait({stopping, breaking}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        breaking.cancel()
        if not stop.is_set():
            raise ConnectionError("gone")


@dataclass
class House:
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    socket: Socket = field(default_factory=Socket)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    finished: list[str] = field(default_factory=list)
    port: int = 0

    async def work(self, delivery: Delivery) -> None:
        self.begun.set()
        await self.go_on.wait()
        self.finished.append(delivery.id)

    def start(self) -> asyncio.Task[None]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.consumer = Consumer(
            self.queue,
            self.work,
            name="q",
            visibility_s=30,
            max_attempts=3,
            drain_timeout_s=10,
            told=_nobody,
            marks=MemoryStore(),
        )
        oncall = cast("OnCallSchedule", Silent())
        net = Reconciler(oncall, MemoryStore(), self.queue, interval_s=60)
        processor = Processor([self.consumer], net, self.socket, Vitals((), None), _nothing)
        return asyncio.create_task(supervise(processor, self.stop, port=self.port, drain_s=10))

    async def get(self, path: str) -> httpx.Response:
        """Asks until the server is up."""
        async with httpx.AsyncClient() as client, asyncio.timeout(20):
            while True:
                try:
                    return await client.get(f"http://127.0.0.1:{self.port}{path}")
                except httpx.ConnectError:
                    await clock.sleep(0.05)


async def _nobody(_: Delivery, __: str) -> None: ...


async def _nothing() -> None: ...


async def test_told_to_stop_it_finishes_what_is_in_hand_and_ends_well() -> None:
    """L5: a signal does not cut an assembly in two."""
    house = House()
    running = house.start()
    await house.queue.send(Envelope(kind="event:x", lane="a", dedup_id="1", body="{}"))
    await house.begun.wait()
    house.stop.set()
    house.go_on.set()
    await running
    assert house.finished == ["message-0"]
    assert house.queue.messages == []


async def test_a_part_that_ends_by_itself_ends_the_whole_with_an_error() -> None:
    """Half a processor would look alive and lose gestures."""
    house = House()
    running = house.start()
    house.socket.breaks.set()
    with pytest.raises(TaskDied, match="socket ended by itself: ConnectionError"):
        await running


async def test_ready_says_what_keeps_it_from_its_work() -> None:
    house = House()
    running = house.start()
    assert (await house.get("/health")).status_code == 200
    assert (await house.get("/ready")).json() == {"ready": True, "problems": []}
    house.socket.connected = False
    house.consumer.last_tick -= 61
    ready = await house.get("/ready")
    assert ready.status_code == 503
    late, unconnected = ready.json()["problems"]
    assert late.startswith("queue q has not answered for 6")
    assert unconnected == "Slack's websocket is not connected"
    assert (await house.get("/health")).status_code == 200, "a restart would not help"
    house.stop.set()
    await running
