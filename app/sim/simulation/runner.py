"""One seed: a plan, a story, a trace, and what did not hold."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import structlog

from app.sim.simulation import alerts, faults, lives, people
from app.sim.simulation.alerts import Alerts
from app.sim.simulation.caretaker import until_quiescent
from app.sim.simulation.chance import settle_libraries, stream
from app.sim.simulation.checkers import Violation, check
from app.sim.simulation.faults import Faults
from app.sim.simulation.house import House
from app.sim.simulation.people import InRooms
from app.sim.simulation.steps import Step, numbered

STORY_S = 3000.0  # virtual; then the faults end, and people finish what was begun


class Actor(Protocol):
    async def do(self, step: Step) -> None: ...


@dataclass(frozen=True)
class Outcome:
    """``handled``: the commands, buttons and events that were worked, by how often."""

    seed: int
    steps: tuple[Step, ...]
    violations: tuple[Violation, ...]
    faults: Counter[str]
    handled: Counter[str]
    virtual_s: float
    trace: tuple[str, ...]


def plan_of(seed: int) -> list[Step]:
    told, fires = alerts.plan(stream(seed, "alerts"))
    acted = people.plan(stream(seed, "people"), fires)
    wrong = faults.plan(stream(seed, "faults"), [*told, *acted], STORY_S)
    return numbered([*told, *acted, *wrong])


def play(seed: int, only: Collection[int] | None = None) -> Outcome:
    """``only``: the numbers of the steps to take; None: all."""
    return tell(seed, [step for step in plan_of(seed) if only is None or step.number in only])


def tell(seed: int, steps: Sequence[Step]) -> Outcome:
    """These steps, whatever the seed would have planned; it still rolls the dice for all that happens on the way."""
    settle_libraries(seed)
    with _quiet_logs():
        return lives.run(_story(seed, steps), seed)


async def _story(seed: int, steps: Sequence[Step]) -> Outcome:
    house = House(seed)
    house.boot()
    unrest = await _live(house, seed, steps)
    now = asyncio.get_running_loop().time()
    violations = check(house, unrest)
    for name, faulty in house.faulty.items():
        house.book.faults.update({f"{name} {kind}": count for kind, count in faulty.struck.items()})
    return Outcome(
        seed=seed,
        steps=tuple(steps),
        violations=tuple(violations),
        faults=house.book.faults,
        handled=house.handled,
        virtual_s=now,
        trace=tuple(entry.line() for entry in house.book.entries),
    )


async def _live(house: House, seed: int, steps: Sequence[Step]) -> list[str]:
    told = Alerts(house)
    actors: dict[str, Actor] = {
        alerts.WHO: told,
        people.WHO: InRooms(house, told, seed),
        faults.WHO: (trouble := Faults(house)),
    }
    began = asyncio.get_running_loop().time()
    acting: list[asyncio.Task[None]] = []
    for step in steps:
        await asyncio.sleep(max(0.0, began + step.at - asyncio.get_running_loop().time()))
        house.book.note("", step.who, step.line())
        acting.append(asyncio.create_task(actors[step.who].do(step)))
    await asyncio.sleep(max(0.0, began + STORY_S - asyncio.get_running_loop().time()))
    for act in acting:
        act.cancel()
    ended = await asyncio.gather(*acting, return_exceptions=True)
    trouble.end()
    house.book.note("", "faults", "end")
    for failure in ended:
        if isinstance(failure, Exception):
            raise failure
    return await until_quiescent(house)


@contextmanager
def _quiet_logs() -> Iterator[None]:
    """The trace tells it; whoever runs thousands of seeds reads no log lines."""
    before, level = structlog.get_config(), logging.root.manager.disable
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        structlog.configure(**before)
        logging.disable(level)
