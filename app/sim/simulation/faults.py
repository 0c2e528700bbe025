"""What goes wrong, planned from the seed. Every fault ends by itself, and all end together at the end of the story, but
for those of S3, which wait for a first call: few rooms are archived before the story is over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from app.sim.faults import Kind
from app.sim.simulation.alerts import Planned
from app.sim.simulation.chance import Chance
from app.sim.simulation.house import VENDORS, House
from app.sim.simulation.processor import Processor
from app.sim.simulation.steps import Step
from app.sim.simulation.wires import AwsFault

WHO = "faults"
_HOLD_S = 12.0  # above every deadline of ours
_ACTS = {
    "vendor": 10.0, "aws": 6.0, "crash": 6.0, "sigterm": 1.0, "stall": 2.0, "second": 2.0, "expire": 2.0, "skew": 1.5,
    "timers late": 0.7, "timers lost": 0.7, "timers twice": 0.7,
}  # fmt: skip
_CONFLICT_ALSO = {"dynamodb": tuple(AwsFault)}
_WITHOUT_CONFLICT = tuple(kind for kind in AwsFault if kind is not AwsFault.CONFLICT)


def plan(chance: Chance, others: Sequence[Planned], end: float) -> list[Planned]:
    """Half of them soon after something that others do, when there is work to disturb."""
    steps: list[Planned] = []
    for _ in range(chance.choice((0, 1, 2, 3, 4, 5, 6, 8, 10, 14))):
        at = chance.uniform(0, end)
        if chance.random() < 0.6:
            at = chance.choice(others)[0] + abs(chance.gauss(0, 3))
        act = chance.choices(tuple(_ACTS), tuple(_ACTS.values()))[0]
        steps.append((min(at, end - 1), WHO, act, _args(chance, act)))
    return steps


def _args(chance: Chance, act: str) -> dict[str, object]:
    match act:
        case "vendor":
            weights = (30, 10, 10, 6, 6, 25, 10)
            vendor, kind = chance.choices(VENDORS, weights)[0], chance.choice(tuple(Kind))
            if chance.random() < 0.6:
                return {"vendor": vendor, "kind": kind.value, "times": chance.choice((1, 1, 1, 2, 3))}
            return {"vendor": vendor, "kind": kind.value, "for_s": round(chance.uniform(5, 120), 1)}
        case "aws":
            service = chance.choices(("dynamodb", "sqs", "scheduler", "s3"), (6, 3, 2, 1))[0]
            kind_of = chance.choice(_CONFLICT_ALSO.get(service, _WITHOUT_CONFLICT))
            return {"service": service, "kind": kind_of.value, "times": chance.choice((1, 1, 1, 2, 4))}
        case "crash":
            return {"down_s": round(chance.choice((1.0, chance.uniform(1, 40))), 1)}
        case "sigterm":
            return {"down_s": round(chance.uniform(0, 10), 1)}
        case "stall" | "second":
            return {"for_s": round(chance.uniform(10, 150), 1)}
        case "skew":
            return {"where": chance.choice(("processor", "slack", "oncall")), "seconds": round(chance.gauss(0, 1), 2)}
        case "timers late":
            return {"for_s": 1200.0, "late_s": round(chance.uniform(30, 600), 1)}
        case _:
            return {}


_SKEW_S = {"processor": 3.0, "slack": 40.0, "oncall": 10.0}  # what one standard deviation is


class Faults:
    def __init__(self, house: House) -> None:
        self._house = house
        self._over = False

    async def do(self, step: Step) -> None:
        await getattr(self, "_" + step.act.replace(" ", "_"))(**step.args)

    def end(self) -> None:
        """The trouble is over: one processor, well and awake, with the right time."""
        house = self._house
        self._over = True
        for life in house.lives:
            life.thaw()
            life.skew = 0.0
        for faulty in house.faulty.values():
            faulty.clear()
        house.aws.waiting[:] = [one for one in house.aws.waiting if one[0] == "s3"]
        house.late_timers_s, house.timers_to_lose, house.timers_to_double = 0.0, 0, 0
        house.skews.update(slack=0.0, oncall=0.0)
        for processor in list(house.processors)[1:]:
            house.kill(processor)
        if not house.processors:
            house.boot()

    # ------------------------------------------------------------ the outside

    async def _vendor(self, vendor: str, kind: str, times: int | None = None, for_s: float = 0.0) -> None:
        faulty, held = self._house.faulty[vendor], Kind(kind)
        seconds = _HOLD_S if held in (Kind.DROP_BEFORE, Kind.COMMIT_THEN_TIMEOUT) else None
        faulty.add(held, times=times, seconds=seconds)
        if times is None:
            mine = faulty.faults[-1]
            await asyncio.sleep(for_s)
            faulty.faults[:] = [one for one in faulty.faults if one is not mine]

    async def _aws(self, service: str, kind: str, times: int) -> None:
        self._house.aws.waiting += [(service, AwsFault(kind))] * times

    async def _expire(self) -> None:
        if sum(queue.expire() for queue in self._house.queues):
            self._house.book.struck("delivery expired visibility")

    async def _skew(self, where: str, seconds: float) -> None:
        ahead = seconds * _SKEW_S[where]
        self._house.book.struck(f"skew {where}")
        if where == "processor":
            for processor in self._house.processors:
                processor.life.skew = ahead
        else:
            self._house.skews[where] = ahead

    async def _timers_late(self, for_s: float, late_s: float) -> None:
        self._house.late_timers_s = late_s
        await asyncio.sleep(for_s)
        self._house.late_timers_s = 0.0

    async def _timers_lost(self) -> None:
        self._house.timers_to_lose += 1

    async def _timers_twice(self) -> None:
        self._house.timers_to_double += 1

    # ------------------------------------------------------------ processors

    async def _crash(self, down_s: float) -> None:
        for processor in list(self._house.processors):
            self._house.book.struck("processor crash")
            self._house.kill(processor)
        await self._again(down_s)

    async def _sigterm(self, down_s: float) -> None:
        running = list(self._house.processors)
        self._house.book.struck("processor sigterm")
        await asyncio.gather(*(processor.stop() for processor in running))
        await self._again(down_s)

    async def _again(self, down_s: float) -> None:
        await asyncio.sleep(down_s)
        if not self._house.processors and not self._over:
            self._house.boot()

    async def _stall(self, for_s: float) -> None:
        for processor in self._house.processors[:1]:
            self._house.book.struck("processor stall")
            self._house.book.note(processor.life.name, "stands", f"for {for_s} s")
            processor.life.freeze()
            await asyncio.sleep(for_s)
            processor.life.thaw()

    async def _second(self, for_s: float) -> None:
        self._house.book.struck("processor second")
        beside: Processor = self._house.boot()
        await asyncio.sleep(for_s)
        if beside in self._house.processors and not self._over:
            self._house.kill(beside)
        await self._again(0.0)
