"""A processor's signs of life, as whoever watches it from outside gets them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest
from opentelemetry import metrics as otel_metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint

from app.effects.heartbeat import Heartbeat
from app.errors import VendorUnavailable
from app.processor import vitals
from app.processor.vitals import Vitals
from app.sim.memory_queue import MemoryQueue
from app.sim.virtual_time import run
from app.telemetry import meters


@dataclass
class Pulse:
    beats: int = 0
    deaf: bool = False

    async def beat(self) -> None:
        self.beats += 1
        if self.deaf:
            raise VendorUnavailable("heartbeat", "beat", "answered 500")


@dataclass
class Blind:
    """A queue that cannot say how full it is."""

    name: str = "blind.fifo"

    async def depths(self) -> tuple[int, int]:
        raise VendorUnavailable("SQS", "attributes", "away")


@dataclass
class Numbers:
    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)

    def of(self, name: str) -> dict[str, float]:
        """The newest value of each series, by its labels, but for whose it is."""
        data = self.reader.get_metrics_data()
        assert data is not None
        found = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics if m.name == name]
        points = [point for metric in found for point in metric.data.data_points if isinstance(point, NumberDataPoint)]
        return {
            ",".join(
                str(value) for label, value in (point.attributes or {}).items() if label != "environment"
            ): point.value
            for point in points
        }


@pytest.fixture
def numbers(monkeypatch: pytest.MonkeyPatch) -> Numbers:
    found = Numbers()
    provider = MeterProvider(metric_readers=[found.reader])
    monkeypatch.setattr(otel_metrics, "get_meter", provider.get_meter)
    monkeypatch.setattr(vitals, "metrics", meters._Metrics())
    return found


def live(seconds: float, watched: Vitals, problems: Callable[[], list[str]]) -> None:
    async def whole() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(watched.run(stop, problems))
        await asyncio.sleep(seconds)
        stop.set()
        await task

    run(whole())


def test_it_beats_while_it_works_and_not_when_it_is_ill(numbers: Numbers) -> None:
    well, ill = Pulse(), Pulse()
    live(100, Vitals((), well), list)
    assert well.beats == 4
    assert numbers.of("processor_ready") == {"": 1}
    live(100, Vitals((), ill), lambda: ["queue q has not answered for 70 s"])
    assert ill.beats == 0
    assert numbers.of("processor_ready") == {"": 0}


def test_it_tells_how_full_its_queues_are(numbers: Numbers) -> None:
    queue = MemoryQueue(name="incident-events.fifo")
    queue.put("waits", lane="a", dedup_id="1")
    live(1, Vitals((queue,), None), list)
    assert numbers.of("queue_depth") == {"incident-events.fifo": 1}
    assert numbers.of("dead_letter_depth") == {"incident-events.fifo": 0}


def test_what_cannot_be_measured_or_heard_stops_nothing(numbers: Numbers) -> None:
    deaf = Pulse(deaf=True)
    live(100, Vitals((Blind(),), deaf), list)
    assert deaf.beats == 4


def test_what_an_alert_watches_is_there_from_the_start(numbers: Numbers) -> None:
    """A counter that is first heard of at 1 has never risen, as far as a query can see."""
    live(1, Vitals((), None), list)
    assert numbers.of("statuspage_publish_count") == {"PUBLISHED": 0, "FAILED": 0, "UNKNOWN": 0}
    assert numbers.of("directory_lookup_failure_count") == {"on-call schedule": 0, "directory": 0}
    assert numbers.of("gate_violation_count") == {"": 0}
    assert numbers.of("room_assembled_count") == {"yes": 0, "no": 0}
    alarms = ("nobody_invited", "nobody_commands", "reminder_unanswered")
    assert numbers.of("alarm_unheard_count") == dict.fromkeys(alarms, 0)


async def test_a_beat_is_one_call_of_the_address() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url}")
        return httpx.Response(200)

    pulse = Heartbeat("https://beats.example.com/ping/abc", transport=httpx.MockTransport(answer))
    await pulse.beat()
    await pulse.aclose()
    assert asked == ["GET https://beats.example.com/ping/abc"]
