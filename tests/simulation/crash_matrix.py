"""The worker is killed at every await of the four flows, and everything is looked at afterwards: ``make crash-matrix``.

A flow is played once, undisturbed. At each await of its worker this process forks, and in the fork the worker dies
there; what comes then is the fork's own story, to its end. So what is counted and what is survived are one list.

Two kills between which nothing left the worker and no time passed leave the same world behind: they are counted as two
and played as one. Standing still is played at every await, since what stands still keeps what is in its head.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
import typer

from app import clock
from app.sim import memory_queue
from app.sim.virtual_time import run
from tests.house import House
from tests.lives import STILL_S, Life, soon
from tests.office import Office
from tests.simulation import crash_report
from tests.simulation.crash_checks import problems
from tests.simulation.crash_flows import FLOWS, Flow
from tests.simulation.crash_places import place
from tests.simulation.crash_plants import PLANTS
from tests.simulation.crash_report import Result, Row

PAGE = Path(__file__).resolve().parents[2] / "docs/crash-matrix.md"
_FORK_S = 60  # of real time; whoever takes longer hangs
_SIDE_BY_SIDE = max(2, os.cpu_count() or 1)

Accident = Callable[[Office, Life], None]


def _killed(_: Office, life: Life) -> None:
    life.end()


def _killed_beside(office: Office, life: Life) -> None:
    life.end()
    soon(office.second)


def _stood_still(office: Office, life: Life) -> None:
    life.freeze()
    soon(office.second)


ACCIDENTS: dict[str, Accident] = {
    "killed, restarted": _killed,
    "killed, restarted, a second worker beside": _killed_beside,
    "stood still while a second worker took over": _stood_still,
}
KEEPS_ITS_HEAD = {"stood still while a second worker took over"}


class _Forks:
    """Processes under way, never more than there are processors for."""

    def __init__(self) -> None:
        self._under_way: dict[int, tuple[int, list[str]]] = {}

    def fork(self, into: list[str]) -> int | None:
        """In the fork: where to write what was found. Here: None, and ``into`` is filled later."""
        if len(self._under_way) >= _SIDE_BY_SIDE:
            self._wait()
        read, write = os.pipe()
        loop = asyncio.get_running_loop()
        pid = os.fork()
        if pid == 0:
            asyncio._set_running_loop(loop)  # asyncio believes that a fork begins anew
            os.close(read)
            signal.alarm(_FORK_S)
            return write
        os.close(write)
        self._under_way[pid] = (read, into)
        return None

    def finish(self) -> None:
        while self._under_way:
            self._wait()

    def _wait(self) -> None:
        pid, status = os.wait()
        read, into = self._under_way.pop(pid)
        with os.fdopen(read) as pipe:
            text = pipe.read()
        into += json.loads(text) if text else [f"P-bounded: it hung, or ended with {status}"]


class _Matrix:
    """Forks at each await while it is ``watching``."""

    def __init__(self, *, first_only: bool) -> None:
        self._first_only = first_only
        self.rows: list[Row] = []
        self.office: Office | None = None
        self.watching = False
        self.pipe: int | None = None  # in a fork
        self._forks = _Forks()
        self._world: tuple[int, float] | None = None

    def at_await(self, life: Life, work: Coroutine[Any, Any, Any]) -> None:
        if not self.watching or life.over.is_set():
            return
        if self._first_only and any(found for row in self.rows for found in row.found.values()):
            return
        row = Row(place(work))
        world = (life.effects, asyncio.get_running_loop().time())
        same, self._world = world == self._world, world
        before = self.rows[-1] if same else None
        self.rows.append(row)
        for name, accident in ACCIDENTS.items():
            if before and name not in KEEPS_ITS_HEAD:
                row.found[name] = before.found[name]
                continue
            row.found[name] = []
            self.pipe = self._forks.fork(row.found[name])
            if self.pipe is not None:
                self.watching = False
                assert self.office is not None
                accident(self.office, life)
                return

    def finish(self) -> None:
        self.watching = False
        self._forks.finish()

    def end(self, found: list[str]) -> None:
        """Of a fork: it says what was found, and is gone."""
        if self.pipe is not None:
            with os.fdopen(self.pipe, "w") as pipe:
                json.dump(found, pipe)
            _gone()


def _gone() -> NoReturn:
    os._exit(0)


def play(flow: Flow, *, first_only: bool = False) -> Result:
    matrix = _Matrix(first_only=first_only)
    undisturbed: list[str] = []

    async def story() -> None:
        house = House(archive_delay=timedelta(hours=1))
        matrix.office = Office(house, [Life(at_await=matrix.at_await)])
        try:
            async with matrix.office as office:
                await flow.before(office)
                matrix.watching = True
                await flow.act(office)
                matrix.watching = False
                await clock.sleep(STILL_S + 60)  # whoever stood still is awake, and what is held is held by nobody
                await office.quiet()
                undisturbed.extend(problems(office, flow))
                matrix.end(undisturbed)
        except Exception as error:
            undisturbed.append(f"P-bounded: it never came to rest: {error!r}")
            matrix.end(undisturbed)

    gc.collect()
    gc.freeze()
    gc.disable()  # a fork shares memory for as long as nobody walks through it
    with _silence():
        run(story())
        matrix.finish()
    return Result(flow.title, matrix.rows, undisturbed)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """What is logged of a thousand accidents is no news."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="the page is compared instead of written")
    arguments.add_argument("--plant", choices=PLANTS, help="a defect to find; the first violation is enough")
    arguments.add_argument("--flow", choices=FLOWS, action="append", help="this one alone; no page then")
    given = arguments.parse_args()
    memory_queue._LOOK_S = 2.0  # hours pass here, and a look at an empty queue is what they consist of
    if given.plant:
        PLANTS[given.plant](pytest.MonkeyPatch())
    results = {name: play(FLOWS[name], first_only=bool(given.plant)) for name in given.flow or FLOWS}
    text = crash_report.page(results)
    violations = [f"{name}: {one}" for name, result in results.items() for one in result.violations]
    typer.echo("\n".join(violations or [text]))
    if violations or given.flow:
        return bool(violations)
    if given.check and PAGE.read_text() != text:
        typer.echo(f"docs/{PAGE.name} says something else: make crash-matrix, and look at what changed")
        return 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
