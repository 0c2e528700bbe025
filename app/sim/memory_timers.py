"""``ports.Timers`` in memory. Nothing fires by itself: ``due`` says what would, and the caller puts it into a queue."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from app import clock
from app.domain.schedule import SCHEDULED_TIME, Into
from app.queue.envelope import Envelope, decode

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Schedule:
    """One that fires once is one that ends with its first firing."""

    next: datetime
    end: datetime
    interval: timedelta
    message: Envelope
    enabled: bool = True
    into: Into = Into.NUDGES

    @property
    def over(self) -> bool:
        return self.next > self.end


@dataclass
class MemoryTimers:
    schedules: dict[str, Schedule] = field(default_factory=dict)

    async def every(self, name: str, interval: timedelta, *, first: datetime, end: datetime, message: Envelope) -> None:
        whole_minutes = max(1, -(-interval // _MINUTE)) * _MINUTE  # EventBridge: rate() knows no seconds
        self._put(name, Schedule(first, end, whole_minutes, message))

    async def once(self, name: str, at: datetime, *, message: Envelope, into: Into = Into.NUDGES) -> None:
        soon = max(at, clock.now() + _MINUTE)
        self._put(name, Schedule(soon, soon, _MINUTE, message, into=into))

    async def silence(self, name: str) -> bool:
        if name not in self.schedules:
            return False
        self.schedules[name] = replace(self.schedules[name], enabled=False)
        return True

    async def remove(self, name: str) -> bool:
        return self.schedules.pop(name, None) is not None

    async def exists(self, name: str) -> bool:
        return name in self.schedules

    def due(self, into: Into | None = None) -> list[Envelope]:
        """What fires by now into that queue (None: into any), in order; a schedule that is over is gone afterwards."""
        now = clock.now()
        fired: list[tuple[datetime, Envelope]] = []
        for name, schedule in list(self.schedules.items()):
            if into not in {None, schedule.into}:
                continue
            while schedule.next <= now and not schedule.over:
                if schedule.enabled:
                    fired.append((schedule.next, _at(schedule.next, schedule.message)))
                schedule = replace(schedule, next=schedule.next + schedule.interval)
            self.schedules[name] = schedule
            if schedule.over and now >= schedule.end:
                del self.schedules[name]
        return [envelope for _, envelope in sorted(fired, key=lambda one: one[0])]

    def _put(self, name: str, schedule: Schedule) -> None:
        if SCHEDULED_TIME not in schedule.message.encode():
            raise ValueError(f"{name}: without {SCHEDULED_TIME} the queue takes two firings for one message")
        self.schedules[name] = schedule


def _at(when: datetime, message: Envelope) -> Envelope:
    return decode(message.encode().replace(SCHEDULED_TIME, when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")))
